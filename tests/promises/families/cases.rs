//! What every family is tried with: sensors as an installer writes them, and what they send.

use super::Sends::{self, Hex, Message, Text};

/// One sensor and what it sends.
pub struct Case {
    pub family: &'static str,
    pub kind: &'static str,
    /// A line of the configuration; PORT stands for the serial port.
    pub address: &'static str,
    pub sends: &'static [Sends],
}

const fn case(family: &'static str, kind: &'static str, address: &'static str, sends: &'static [Sends]) -> Case {
    Case { family, kind, address, sends }
}

pub const CASES: &[Case] = &[
    case(
        "zigbee2mqtt",
        "motion",
        r#"zigbee2mqtt = "卧室/红外""#,
        &[Message("zigbee2mqtt/卧室/红外", r#"{"occupancy":true,"battery":87,"linkquality":120}"#)],
    ),
    case(
        "zigbee2mqtt",
        "call_button",
        r#"zigbee2mqtt = "pendant""#,
        &[Message("zigbee2mqtt/pendant", r#"{"action":"single","battery":100}"#)],
    ),
    case(
        "zigbee2mqtt",
        "outer_door",
        r#"zigbee2mqtt = "front""#,
        &[Message("zigbee2mqtt/front", r#"{"contact":true}"#), Message("zigbee2mqtt/front", r#"{"contact":false}"#)],
    ),
    case(
        "tasmota",
        "motion",
        r#"tasmota = { topic = "hall", switch = 1, kind = "motion" }"#,
        &[Message("stat/hall/SWITCH1", r#"{"STATE":"ON"}"#)],
    ),
    case(
        "tasmota",
        "call_button",
        r#"tasmota = { topic = "bed", button = 1 }"#,
        &[Message("stat/bed/RESULT", r#"{"Button1":{"Action":"SINGLE"}}"#)],
    ),
    case(
        "tasmota",
        "outer_door",
        r#"tasmota = "0x00124B00CC10DD20""#,
        &[
            Message(
                "tele/zbbridge/SENSOR",
                r#"{"ZbReceived":{"0x7A10":{"Device":"0x7A10","IEEEAddr":"0x00124B00CC10DD20","Contact":0}}}"#,
            ),
            Message(
                "tele/zbbridge/SENSOR",
                r#"{"ZbReceived":{"0x7A10":{"Device":"0x7A10","IEEEAddr":"0x00124B00CC10DD20","Contact":1}}}"#,
            ),
        ],
    ),
    case(
        "tasmota",
        "presence",
        r#"tasmota = "bedroom""#,
        &[Message("tele/bedroom/SENSOR", r#"{"Time":"2003-01-01T00:00:00","LD2410S":{"Distance":88.0,"People":2}}"#)],
    ),
    case(
        "tasmota",
        "call_button",
        r#"tasmota = { codes = { "7be204" = "sos" } }"#,
        &[Message(
            "tele/rfbridge/RESULT",
            r#"{"RfReceived":{"Sync":9460,"Low":320,"High":950,"Data":"7BE204","RfKey":"None"}}"#,
        )],
    ),
    case(
        "esphome",
        "motion",
        r#"esphome = { node = "flat/五号/hall", object = "pir", kind = "motion" }"#,
        &[Message("flat/五号/hall/binary_sensor/pir/state", "ON")],
    ),
    case(
        "esphome",
        "call_button",
        r#"esphome = { node = "bed", object = "call", kind = "button" }"#,
        &[Message("bed/binary_sensor/call/state", "ON")],
    ),
    case(
        "esphome",
        "outer_door",
        r#"esphome = { node = "hall", object = "door", kind = "contact" }"#,
        &[Message("hall/binary_sensor/door/state", "OFF"), Message("hall/binary_sensor/door/state", "ON")],
    ),
    case(
        "homie",
        "presence",
        r#"homie = { device = "bed", property = "mat/occupied", kind = "presence" }"#,
        &[Message("homie/5/bed/mat/occupied", "true")],
    ),
    case(
        "homie",
        "call_button",
        r#"homie = { device = "bed", property = "pendant/pressed", kind = "button" }"#,
        &[Message("homie/bed/pendant/pressed", "true")],
    ),
    case(
        "homie",
        "door",
        r#"homie = { device = "larder", property = "lock/bolt", kind = "contact", values = { open = ["drawn"], closed = ["shot"] } }"#,
        &[Message("homie/5/larder/lock/bolt", "shot"), Message("homie/5/larder/lock/bolt", "drawn")],
    ),
    case(
        "rtl_433",
        "motion",
        r#"rtl_433 = "Kerui-Security/623001""#,
        &[Message(
            "rtl_433/attic/events",
            r#"{"model":"Kerui-Security","id":623001,"cmd":10,"motion":1,"state":"motion"}"#,
        )],
    ),
    case(
        "rtl_433",
        "outer_door",
        r#"rtl_433 = "Kerui-Security/623002""#,
        &[Message(
            "rtl_433/attic/events",
            r#"{"model":"Kerui-Security","id":623002,"cmd":14,"opened":1,"state":"open"}"#,
        )],
    ),
    case(
        "rtl_433",
        "call_button",
        r#"rtl_433 = { device = "Generic-Remote/31007", codes = { "12" = "sos" } }"#,
        &[Message("rtl_433/attic/events", r#"{"model":"Generic-Remote","id":31007,"cmd":12}"#)],
    ),
    case(
        "rtl_433",
        "call_button",
        r#"rtl_433 = "Visonic-Powercode/7c7c01""#,
        &[Message(
            "rtl_433/attic/events",
            r#"{"model":"Visonic-Powercode","id":"7c7c01","tamper":0,"alarm":1,"battery_ok":1,"restore":1,"supervised":1}"#,
        )],
    ),
    case(
        "theengs",
        "motion",
        r#"theengs = "AA:BB:CC:10:20:30""#,
        &[Message(
            "home/TheengsGateway/BTtoMQTT/AABBCC102030",
            r#"{"id":"AA:BB:CC:10:20:30","model_id":"W110150X","motion":true,"batt":71}"#,
        )],
    ),
    case(
        "theengs",
        "outer_door",
        r#"theengs = "AA:BB:CC:10:20:31""#,
        &[
            Message(
                "home/卧室/BTtoMQTT/AABBCC102031",
                r#"{"id":"AA:BB:CC:10:20:31","model_id":"SBDW-002C","packet":3,"open":false}"#,
            ),
            Message(
                "home/卧室/BTtoMQTT/AABBCC102031",
                r#"{"id":"AA:BB:CC:10:20:31","model_id":"SBDW-002C","packet":4,"open":true}"#,
            ),
        ],
    ),
    case(
        "theengs",
        "call_button",
        r#"theengs = { id = "AA:BB:CC:10:20:32", checks_in = false }"#,
        &[
            Message(
                "home/hall/BTtoMQTT/AABBCC102032",
                r#"{"id":"AA:BB:CC:10:20:32","model_id":"SBBT-002C","packet":17,"button":1}"#,
            ),
            Message(
                "home/bath/BTtoMQTT/AABBCC102032",
                r#"{"id":"AA:BB:CC:10:20:32","model_id":"SBBT-002C","packet":17,"button":1}"#,
            ),
        ],
    ),
    case(
        "omg_rf",
        "call_button",
        r#"omg_rf = { codes = { "4d19a8" = "sos" } }"#,
        &[Message("home/hall/433toMQTT", r#"{"value":5052840,"protocol":1,"length":24,"delay":341}"#)],
    ),
    case(
        "omg_rf",
        "motion",
        r#"omg_rf = { codes = { "52e07b" = "motion" } }"#,
        &[Message(
            "home/bridge/SRFBtoMQTT",
            r#"{"raw":"2710014A03F252E07B","delay":10000,"val_Tlow":330,"val_Thigh":1010,"value":5431419}"#,
        )],
    ),
    case(
        "shelly",
        "motion",
        r#"shelly = "shellymotionsensor-0A1B2C3D4E5F""#,
        &[Message(
            "shellies/shellymotionsensor-0A1B2C3D4E5F/status",
            r#"{"motion":true,"timestamp":1700000000,"active":true,"vibration":false,"lux":12,"bat":90}"#,
        )],
    ),
    case(
        "shelly",
        "outer_door",
        r#"shelly = "shellydw2-0A1B2C""#,
        &[
            Message("shellies/shellydw2-0A1B2C/sensor/state", "close"),
            Message("shellies/shellydw2-0A1B2C/sensor/state", "open"),
        ],
    ),
    case(
        "shelly",
        "call_button",
        r#"shelly = "shellybutton1-0A1B2C""#,
        &[Message("shellies/shellybutton1-0A1B2C/input_event/0", r#"{"event":"S","event_cnt":5}"#)],
    ),
    case(
        "shelly",
        "presence",
        r#"shelly = { id = "shellypresenceg4-0a1b2c", channel = 201 }"#,
        &[Message("shellypresenceg4-0a1b2c/status/presencezone:201", r#"{"id":201,"value":true,"num_objects":1}"#)],
    ),
    case(
        "json",
        "motion",
        r#"json = { topic = "vendor/17/pir", pointer = "/state", kind = "motion" }"#,
        &[Message("vendor/17/pir", r#"{"state":1}"#)],
    ),
    case(
        "json",
        "call_button",
        r#"json = { topic = "vendor/17/cord", pointer = "/pulled", kind = "button" }"#,
        &[Message("vendor/17/cord", r#"{"pulled":"single"}"#)],
    ),
    case(
        "lorawan",
        "motion",
        r#"lorawan = { dev_eui = "24e124000a0b0c01", decoder = "milesight-ws202" }"#,
        &[Message(
            "application/0f5e/device/24e124000a0b0c01/event/up",
            r#"{"deduplicationId":"a7","deviceInfo":{"deviceName":"卧室","devEui":"24e124000a0b0c01"},"devAddr":"01c0ffee","fCnt":7,"fPort":85,"data":"AwABBAAA"}"#,
        )],
    ),
    case(
        "lorawan",
        "outer_door",
        r#"lorawan = { dev_eui = "24e124000a0b0c02", decoder = "milesight-ws301" }"#,
        &[
            Message(
                "application/0f5e/device/24e124000a0b0c02/event/up",
                r#"{"deduplicationId":"a7","deviceInfo":{"deviceName":"卧室","devEui":"24e124000a0b0c02"},"devAddr":"01c0ffee","fCnt":7,"fPort":85,"data":"AwAABAAA"}"#,
            ),
            Message(
                "application/0f5e/device/24e124000a0b0c02/event/up",
                r#"{"deduplicationId":"a8","deviceInfo":{"deviceName":"卧室","devEui":"24e124000a0b0c02"},"devAddr":"01c0ffee","fCnt":8,"fPort":85,"data":"AwABBAAA"}"#,
            ),
        ],
    ),
    case(
        "lorawan",
        "call_button",
        r#"lorawan = { dev_eui = "24e124000a0b0c03", decoder = "milesight-ws101" }"#,
        &[Message(
            "application/0f5e/device/24e124000a0b0c03/event/up",
            r#"{"deduplicationId":"a7","deviceInfo":{"deviceName":"卧室","devEui":"24e124000a0b0c03"},"devAddr":"01c0ffee","fCnt":7,"fPort":85,"data":"/y4B"}"#,
        )],
    ),
    case(
        "mysensors_mqtt",
        "motion",
        r#"mysensors_mqtt = { device = "12/1", kind = "motion" }"#,
        &[Message("mysensors-out/12/1/1/0/16", "1")],
    ),
    case(
        "mysensors_mqtt",
        "door",
        r#"mysensors_mqtt = { device = "12/2", kind = "contact" }"#,
        &[Message("mysensors-out/12/2/1/0/16", "0"), Message("mysensors-out/12/2/1/0/16", "1")],
    ),
    case("mysensors_mqtt", "call_button", r#"mysensors_mqtt = "12/3""#, &[Message("mysensors-out/12/3/1/0/16", "1")]),
    case(
        "enocean",
        "call_button",
        r#"enocean = { sender = "01a2b3c4", profile = "F6-02-01", port = "PORT" }"#,
        &[Hex("55000707017af63001a2b3c43003ffffffff3a002e")],
    ),
    case(
        "text",
        "motion",
        r#"text = { port = "PORT", line = "PIR hall ON", kind = "motion", value = "on" }"#,
        &[Text("PIR hall ON\r\n")],
    ),
    case(
        "text",
        "call_button",
        r#"text = { port = "PORT", line = "KEY {value}", kind = "button", values = { sos = ["1"] } }"#,
        &[Text("KEY 1\r\n")],
    ),
    case("rfxtrx", "call_button", r#"rfxtrx = { device = "3c5d7e", port = "PORT" }"#, &[Hex("082002013c5d7e0679")]),
    case(
        "rfxtrx",
        "motion",
        r#"rfxtrx = { device = "1234567:3", kind = "motion" }"#,
        &[Hex("0b1100070123456703010f70")],
    ),
    case("rfxtrx", "outer_door", r#"rfxtrx = "4d6f81""#, &[Hex("082000024d6f810379"), Hex("082000034d6f810279")]),
    case("rflink", "motion", r#"rflink = "Pir/0b28""#, &[Text("20;31;Pir;ID=0b28;PIR=ON;\r\n")]),
    case(
        "rflink",
        "call_button",
        r#"rflink = { device = "EV1527/0a1b2c/08", kind = "button", values = { sos = ["on"] } }"#,
        &[Text("20;32;EV1527;ID=0a1b2c;SWITCH=08;CMD=ON;\r\n")],
    ),
    case(
        "rflink",
        "door",
        r#"rflink = { device = "NewKaku/00aa11/3", kind = "contact" }"#,
        &[Text("20;33;NewKaku;ID=00aa11;SWITCH=3;CMD=OFF;\r\n"), Text("20;34;NewKaku;ID=00aa11;SWITCH=3;CMD=ON;\r\n")],
    ),
    case("mysensors", "motion", r#"mysensors = "21/1""#, &[Text("21;1;0;0;1;PIR\n21;1;1;0;16;1\n")]),
    case(
        "mysensors",
        "call_button",
        r#"mysensors = { device = "21/2", kind = "button", values = { sos = [1] } }"#,
        &[Text("21;2;1;0;2;1\n")],
    ),
    case("mysensors", "call_button", r#"mysensors = "21/3""#, &[Text("21;3;1;0;16;1\n")]),
    case(
        "mysensors",
        "door",
        r#"mysensors = { device = "21/4", kind = "contact" }"#,
        &[Text("21;4;1;0;16;0\n"), Text("21;4;1;0;16;1\n")],
    ),
    case(
        "ld2410",
        "presence",
        r#"ld2410 = { port = "PORT" }"#,
        &[Hex("f4f3f2f10d0002aa0200000096005096005500f8f7f6f5")],
    ),
    case("ld2410s", "presence", r#"ld2410s = { port = "PORT" }"#, &[Hex("6e02960062")]),
    case("ld2412", "presence", r#"ld2412 = { port = "PORT" }"#, &[Hex("f4f3f2f10b0002aa020000009600505500f8f7f6f5")]),
    case(
        "ld2450",
        "presence",
        r#"ld2450 = { port = "PORT" }"#,
        &[Hex("aaff0300f481dc85000068010000000000000000000000000000000055cc")],
    ),
    case(
        "ld2450",
        "bed",
        r#"ld2450 = { port = "PORT", zone = "bed", x = [0, 1000], y = [1000, 2000] }"#,
        &[Hex("aaff0300f481dc85000068010000000000000000000000000000000055cc")],
    ),
    case(
        "rf_bridge",
        "call_button",
        r#"rf_bridge = { codes = { "62c1f9" = "sos" } }"#,
        &[Hex("aaa42f940168041a62c1f955")],
    ),
    case(
        "rf_bridge",
        "outer_door",
        r#"rf_bridge = { codes = { "80d30e" = "open", "80d307" = "closed" } }"#,
        &[Hex("aaa42f940168041a80d30e55")],
    ),
    case("uart_frame", "call_button", r#"uart_frame = { codes = { "19d4a2" = "sos" } }"#, &[Hex("fd19d4a222df")]),
    case(
        "uart_frame",
        "motion",
        r#"uart_frame = { codes = { "47e3b0" = "motion" }, port = "PORT" }"#,
        &[Hex("fd47e3b022df")],
    ),
];
