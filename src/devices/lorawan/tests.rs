use super::*;

const EUI: &str = "24e124000a1b2c3d";

fn address(text: &str) -> Result<Address, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn with(addresses: &[&str]) -> impl Decoder + use<> {
    decoder(&Settings::default(), addresses.iter().map(|text| address(text).unwrap()).collect())
}

fn decode(decoder: &mut dyn Decoder, topic: &str, payload: &str) -> Decoded {
    let from = Origin::Mqtt { topic: topic.to_owned() };
    decoder.decode(&RawFrame { from, bytes: payload.as_bytes().to_vec(), retained: false })
}

fn up(decoder: &mut dyn Decoder, payload: &str) -> Vec<Reading> {
    match decode(decoder, &format!("application/7/device/{EUI}/event/up"), payload) {
        Decoded::Readings(readings) => readings,
        other @ (Decoded::NotMine | Decoded::Incomplete | Decoded::Malformed(_)) => panic!("{payload}: {other:?}"),
    }
}

fn measures(readings: &[Reading]) -> Vec<Measure> {
    readings.iter().map(|reading| reading.measure.clone()).collect()
}

#[test]
fn a_wrong_address_says_what_would_be_right() {
    for (text, part) in [
        (r#"{"dev_eui":"24e124000a1b2c3","decoder":"milesight-ws202"}"#, "sixteen hexadecimal digits"),
        (r#"{"dev_eui":"24e124000a1b2c3g","decoder":"milesight-ws202"}"#, "sixteen hexadecimal digits"),
        (r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-ws2"}"#, "milesight-ws202"),
        (r#"{"dev_eui":"24e124000a1b2c3d"}"#, "what its payload means"),
        (r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-ws202","pointer":"/a"}"#, "not both"),
        (r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-ws202","kind":"motion"}"#, "leave out"),
        (r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-ws202","part":"fall"}"#, "has no part"),
        (r#"{"dev_eui":"24e124000a1b2c3d","pointer":"object/a","kind":"motion"}"#, "no JSON pointer"),
        (r#"{"dev_eui":"24e124000a1b2c3d","pointer":"/object/a"}"#, "needs kind"),
        (r#"{"dev_eui":"24e124000a1b2c3d","pointr":"/object/a"}"#, "unknown field"),
    ] {
        let why = address(text).unwrap_err();
        assert!(why.contains(part), "{text}: {why}");
    }
    let spelled = address(r#"{"dev_eui":"24-E1-24-00-0A-1B-2C-3D","decoder":"milesight-ws101"}"#).unwrap();
    assert_eq!(spelled.device(), EUI);
}

#[test]
fn base64_is_read_in_both_alphabets_and_refused_otherwise() {
    assert_eq!(base64("AXVkAwAB"), Some(vec![1, 0x75, 0x64, 3, 0, 1]));
    assert_eq!(base64("/y4B"), Some(vec![0xff, 0x2e, 1]));
    assert_eq!(base64("_y4B"), Some(vec![0xff, 0x2e, 1]));
    assert_eq!(base64("qg=="), Some(vec![0xaa]));
    assert_eq!(base64("qg"), Some(vec![0xaa]));
    assert_eq!(base64(""), Some(vec![]));
    for bad in ["q", "AXVk!", "A===", "AXVk=AXV", "AXVkA", "红外"] {
        assert_eq!(base64(bad), None, "{bad}");
    }
}

#[test]
fn the_same_uplink_handed_out_twice_is_a_copy_and_the_next_is_not() {
    let mut decoder = with(&[r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-ws101"}"#]);
    let mut copies = |payload: &str| up(&mut decoder, payload).iter().map(|r| r.copy).collect::<Vec<_>>();
    assert_eq!(copies(r#"{"devAddr":"01","fCnt":7,"fPort":85,"data":"/y4B"}"#), [false]);
    assert_eq!(copies(r#"{"devAddr":"01","fCnt":7,"fPort":85,"data":"/y4B"}"#), [true]);
    assert_eq!(copies(r#"{"devAddr":"01","fCnt":8,"fPort":85,"data":"/y4B"}"#), [false], "pressed again");
    assert_eq!(copies(r#"{"devAddr":"02","fCnt":8,"fPort":85,"data":"/y4B"}"#), [false], "joined anew");
    assert_eq!(copies(r#"{"fPort":85,"data":"/y4B"}"#), [false]);
    assert_eq!(copies(r#"{"fPort":85,"data":"/y4B"}"#), [false], "without a counter nobody can tell");
    assert_eq!(copies(r#"{"deduplicationId":"a","fCnt":9,"data":"/y4B"}"#), [false]);
    assert_eq!(copies(r#"{"deduplicationId":"a","fCnt":9,"data":"/y4C"}"#), [true]);
}

#[test]
fn an_address_that_cannot_read_an_uplink_silences_no_other_of_the_device() {
    let model = r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-ws101"}"#;
    let place = r#"{"dev_eui":"24e124000a1b2c3d","pointer":"/object/state","kind":"contact"}"#;
    for order in [[model, place], [place, model]] {
        let mut decoder = with(&order);
        for data in ["A", "/y4"] {
            let said = up(&mut decoder, &format!(r#"{{"fPort":85,"data":"{data}","object":{{"state":"open"}}}}"#));
            assert_eq!(measures(&said), [Measure::Contact(true)], "{data}");
        }
    }
}

#[test]
fn the_second_copy_of_an_uplink_that_came_broken_is_the_first_that_says_anything() {
    let model = r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-ws101"}"#;
    let place = r#"{"dev_eui":"24e124000a1b2c3d","pointer":"/object/state","kind":"contact"}"#;
    let (broken, whole) =
        (r#"{"deduplicationId":"a","fPort":85,"data":"A"}"#, r#"{"deduplicationId":"a","fPort":85,"data":"/y4B"}"#);
    let mut alone = with(&[model]);
    let topic = format!("application/7/device/{EUI}/event/up");
    assert_eq!(decode(&mut alone, &topic, broken), Decoded::Malformed("bad_base64".to_owned()));
    assert_eq!(up(&mut alone, whole).iter().map(|r| r.copy).collect::<Vec<_>>(), [false]);
    let mut both = with(&[model, place]);
    up(&mut both, broken);
    assert_eq!(up(&mut both, whole).iter().map(|r| r.copy).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn port_0_and_an_empty_payload_only_prove_the_device() {
    let mut decoder = with(&[r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-ws202"}"#]);
    for payload in [r#"{"fPort":0,"data":"AwAB"}"#, r#"{"fPort":85,"data":""}"#, r#"{"fPort":85}"#, "{}"] {
        assert_eq!(measures(&up(&mut decoder, payload)), [Measure::Alive], "{payload}");
    }
    let topic = format!("application/7/device/{EUI}/event/up");
    let refused = decode(&mut decoder, &topic, r#"{"fPort":85,"data":"AwA"}"#);
    assert_eq!(refused, Decoded::Malformed("payload_cut".to_owned()));
    assert_eq!(decode(&mut decoder, &topic, r#"{"data":"A"}"#), Decoded::Malformed("bad_base64".to_owned()));
    assert_eq!(decode(&mut decoder, &topic, ""), Decoded::Readings(Vec::new()), "cleared at the broker");
}

#[test]
fn what_the_network_decoded_is_read_by_pointer() {
    let address = r#"{"dev_eui":"24e124000a1b2c3d","pointer":"/object/state","kind":"contact","values":{"open":"auf","closed":"zu"},
                      "battery":"/object/power"}"#;
    let mut decoder = with(&[address]);
    let said = up(&mut decoder, r#"{"fPort":2,"data":"AA==","object":{"state":"Auf","power":"37"}}"#);
    assert_eq!(measures(&said), [Measure::Contact(true), Measure::BatteryPercent(37.0)]);
    assert_eq!(measures(&up(&mut decoder, r#"{"object":{"state":null}}"#)), [Measure::Alive], "null is unknown");
}

#[test]
fn a_fall_calls_only_where_it_is_registered_as_a_call() {
    let whole = r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-vs373"}"#;
    let fall = r#"{"dev_eui":"24e124000a1b2c3d","decoder":"milesight-vs373","part":"fall"}"#;
    let mut decoder = with(&[whole, fall]);
    let said = up(&mut decoder, r#"{"fPort":85,"data":"BvsBAAAB/w=="}"#);
    let calls: Vec<_> = said.iter().filter(|r| r.measure == Measure::Button(Press::Sos)).collect();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].device, format!("{EUI}#fall"));
    assert_eq!(calls[0].device, address(fall).unwrap().device());
}

#[test]
fn only_the_device_itself_proves_that_it_is_there() {
    let mut decoder = with(&[]);
    let mut said = |event: &str, payload: &str| match decode(
        &mut decoder,
        &format!("application/7/device/{EUI}/event/{event}"),
        payload,
    ) {
        Decoded::Readings(readings) => measures(&readings),
        other @ (Decoded::NotMine | Decoded::Incomplete | Decoded::Malformed(_)) => panic!("{other:?}"),
    };
    assert_eq!(said("status", r#"{"batteryLevel":42.5}"#), [Measure::BatteryPercent(42.5)]);
    assert_eq!(said("status", r#"{"externalPowerSource":true,"batteryLevel":0}"#), [Measure::Alive]);
    assert_eq!(said("status", r#"{"batteryLevelUnavailable":true,"batteryLevel":0}"#), [Measure::Alive]);
    assert_eq!(said("join", "{}"), [Measure::Alive]);
    assert_eq!(said("ack", r#"{"acknowledged":true}"#), [Measure::Alive]);
    assert_eq!(said("ack", r#"{"acknowledged":false}"#), []);
    assert_eq!(said("txack", "{}"), []);
    assert_eq!(said("log", r#"{"level":"WARNING","code":"DOWNLINK_GATEWAY"}"#), []);
    assert_eq!(said("log", r#"{"level":"ERROR","code":"UPLINK_CODEC"}"#), [Measure::Alive]);
}

#[test]
fn the_signal_is_that_of_the_best_gateway() {
    let mut decoder = with(&[]);
    let said = up(&mut decoder, r#"{"rxInfo":[{"rssi":-120,"snr":-8},{"rssi":-95,"snr":7.5},{"snr":1}]}"#);
    assert_eq!(measures(&said), [Measure::Alive, Measure::SignalPercent(50.0)]);
}

#[test]
fn a_network_behind_a_prefix_is_heard_and_another_is_not() {
    let settings = Settings { prefixes: vec!["block-7".to_owned()] };
    let mut decoder = decoder(&settings, Vec::new());
    assert!(decoder.topics().contains(&"block-7/application/+/device/+/event/+".to_owned()));
    let topic = format!("application/7/device/{EUI}/event/up");
    assert_eq!(decode(&mut decoder, &topic, "{}"), Decoded::NotMine);
    assert!(matches!(decode(&mut decoder, &format!("block-7/{topic}"), "{}"), Decoded::Readings(_)));
}
