//! `GET /metrics`: the station as numbers, for a supervisor of many stations. No home and no person is named.
//!
//! To this machine, or with a token of the scope `read`. Counted anew from the history at each start: a counter that fell is a
//! restart, as Prometheus expects, and while the station runs none falls. Tests and drills are left out.

use crate::desk::{Counts, Figures, HomeState, Lengths, Repeats, Sound, Tally};
use crate::model::reason::Severity;
use crate::model::time::{Span, Timestamp};
use crate::store::office::{Hook, Scope};
use crate::web::Site;
use crate::web::api::Caller;
use crate::web::gate::Peer;
use crate::web::models::severity_id;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// `GET /metrics`
pub(super) async fn metrics(State(site): State<Arc<Site>>, Peer(peer): Peer, headers: HeaderMap) -> Response {
    let is_near = peer.parse::<IpAddr>().is_ok_and(|peer| peer.to_canonical().is_loopback());
    let has_token = headers.contains_key(header::AUTHORIZATION);
    if has_token {
        if let Err(why) = Caller::of(&site, &headers, Scope::Read).await {
            return why.into_response();
        }
    } else if !is_near {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], "a token is needed\n")
            .into_response();
    }
    let office = site.office.clone();
    let hooks = tokio::task::spawn_blocking(move || office.hooks()).await;
    let told = &site.api.telling.told;
    let waiting = match hooks {
        Ok(Ok(hooks)) => Some((hooks, told.newest().await.ok())),
        Ok(Err(_)) | Err(_) => None,
    };
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], write(&site, waiting)).into_response()
}

fn write(site: &Site, hooks: Option<(Vec<Hook>, Option<u64>)>) -> String {
    let mut page = Page::default();
    let (now, health) = (site.now(), site.health());
    page.begin("carecircle_build_info", "gauge", "Which program this is.");
    page.sample(
        "carecircle_build_info",
        &[("version", &site.settings.build), ("point", site.settings.point.as_str())],
        1.0,
    );
    page.begin("carecircle_ready", "gauge", "Whether a notice that is sent now arrives and is kept.");
    page.sample("carecircle_ready", &[], f64::from(u8::from(health.is_ready())));
    page.begin("carecircle_sse_clients", "gauge", "Streams of changes that are open, of pages and of programs.");
    for (of, count) in [("pages", site.feed.listening()), ("programs", site.api.listening())] {
        page.sample("carecircle_sse_clients", &[("of", of)], count as f64);
    }
    let desk = site.desk();
    let screens: Vec<Sound> = desk.screens(now).map(|(_, screen)| screen.sound).collect();
    let open: Vec<Figures> = desk.open_figures().collect();
    let (tally, daily, repeats) = (desk.tally().clone(), desk.daily_counts_at(now), desk.repeats());
    let homes = Homes { states: desk.homes_by_state(now), oldest: desk.longest_unheard(), watched: desk.watched() };
    drop(desk);
    of_screens(&mut page, &screens);
    alerts(&mut page, &tally, &open);
    times(&mut page, &tally);
    of_homes(&mut page, now, &homes);
    of_mornings(&mut page, &daily);
    page.begin(
        "carecircle_homes_refused_total",
        "counter",
        "What was refused where homes come in: wrong certificates and codes, homes turned away, homes that spoke for others.",
    );
    let refused = site.refused.load(Ordering::Relaxed);
    page.sample("carecircle_homes_refused_total", &[], refused as f64);
    of_broker(&mut page, &site.at_broker.lock().unwrap_or_else(PoisonError::into_inner));
    of_repeats(&mut page, repeats);
    if let Some((hooks, newest)) = hooks {
        of_hooks(&mut page, now, &hooks, newest);
    }
    page.0
}

/// A broker that never told of itself is no broker that refused nothing.
fn of_broker(page: &mut Page, refused: &BTreeMap<&'static str, u64>) {
    if refused.is_empty() {
        return;
    }
    page.begin(
        "carecircle_broker_refused_total",
        "counter",
        "Connections that the broker says it refused, while this station listened to its log.",
    );
    for (why, count) in refused {
        page.sample("carecircle_broker_refused_total", &[("why", why)], *count as f64);
    }
}

fn of_repeats(page: &mut Page, Repeats { notices, heartbeats }: Repeats) {
    page.begin(
        "carecircle_repeats_total",
        "counter",
        "What homes said again and was known: what got no receipt, the same by two ways, or a recording.",
    );
    for (what, count) in [("notice", notices), ("heartbeat", heartbeats)] {
        page.sample("carecircle_repeats_total", &[("what", what)], count as f64);
    }
}

fn of_screens(page: &mut Page, screens: &[Sound]) {
    page.begin(
        "carecircle_screens",
        "gauge",
        "Open pages that spoke within half a minute, by the state of their sound.",
    );
    for sound in Sound::ALL {
        let count = screens.iter().filter(|one| **one == sound).count();
        page.sample("carecircle_screens", &[("sound", sound.as_str())], count as f64);
    }
}

fn alerts(page: &mut Page, tally: &Tally, open: &[Figures]) {
    page.begin("carecircle_alerts_raised_total", "counter", "Alerts that came.");
    for ((rule, severity), count) in &tally.raised {
        let labels = [("rule", *rule), ("severity", severity_id(*severity))];
        page.sample("carecircle_alerts_raised_total", &labels, *count as f64);
    }
    page.begin("carecircle_alerts_total", "counter", "Ends of alerts; one that was reopened ends again.");
    for ((rule, severity, outcome), count) in &tally.ended {
        let outcome = outcome.map_or("", |outcome| outcome.as_str());
        let labels = [("rule", *rule), ("severity", severity_id(*severity)), ("outcome", outcome)];
        page.sample("carecircle_alerts_total", &labels, *count as f64);
    }
    let (mut phases, mut faults) = (BTreeMap::new(), BTreeMap::new());
    for one in open {
        *phases.entry((one.phase.as_str(), severity_id(one.severity))).or_insert(0_u64) += 1;
        if one.severity == Severity::Fault {
            *faults.entry(one.rule).or_insert(0_u64) += 1;
        }
    }
    page.begin("carecircle_alerts_open", "gauge", "Alerts that people have to act on.");
    for ((phase, severity), count) in phases {
        page.sample("carecircle_alerts_open", &[("phase", phase), ("severity", severity)], count as f64);
    }
    page.begin("carecircle_faults_open", "gauge", "Faults of equipment that are open.");
    for (rule, count) in faults {
        page.sample("carecircle_faults_open", &[("kind", rule)], count as f64);
    }
}

fn times(page: &mut Page, tally: &Tally) {
    let Tally { transport, take, arrive, close, raised: _, ended: _ } = tally;
    page.histogram("carecircle_transport_seconds", "From the raise in the home to the receipt here.", transport);
    page.histogram("carecircle_take_seconds", "From the receipt to the take.", take);
    page.histogram("carecircle_arrive_seconds", "From the raise to the door.", arrive);
    page.histogram("carecircle_close_seconds", "From the raise to the end.", close);
}

/// What is said of all homes together.
struct Homes {
    states: [(&'static str, u64); HomeState::NAMES.len()],
    oldest: Option<Timestamp>,
    watched: Span,
}

fn of_homes(page: &mut Page, now: Timestamp, homes: &Homes) {
    page.begin("carecircle_homes", "gauge", "Homes by how they are, each under the worst that is true of it.");
    for (state, count) in homes.states {
        page.sample("carecircle_homes", &[("state", state)], count as f64);
    }
    page.begin(
        "carecircle_home_days_watched_total",
        "counter",
        "Days for which homes were heard in time and could see.",
    );
    page.sample("carecircle_home_days_watched_total", &[], secs(homes.watched) / 86_400.0);
    if let Some(oldest) = homes.oldest {
        let age = secs(now - oldest);
        page.begin("carecircle_heartbeat_age_seconds_max", "gauge", "Age of the oldest newest word of a home.");
        page.sample("carecircle_heartbeat_age_seconds_max", &[], age);
    }
}

fn of_mornings(page: &mut Page, daily: &Counts) {
    page.begin("carecircle_daily", "gauge", "Homes by where they stand on the day's list.");
    let states = [
        ("own_sign", daily.own_sign()),
        ("phoned", daily.phoned),
        ("visited", daily.visited),
        ("suspended", daily.suspended),
        ("to_phone", daily.to_phone),
        ("cannot_tell", daily.cannot_tell),
        ("waiting", daily.waiting),
    ];
    for (state, count) in states {
        page.sample("carecircle_daily", &[("state", state)], f64::from(count));
    }
}

fn of_hooks(page: &mut Page, now: Timestamp, hooks: &[Hook], newest: Option<u64>) {
    page.begin("carecircle_notices_total", "counter", "Events that were taken at an address.");
    for hook in hooks {
        let channel = format!("hook-{}", hook.id);
        page.sample(
            "carecircle_notices_total",
            &[("channel", &channel), ("result", "delivered")],
            hook.delivered as f64,
        );
    }
    page.begin("carecircle_outbox_waiting", "gauge", "Events that wait for an address.");
    for hook in hooks {
        let Some(newest) = newest else { continue };
        let (channel, waiting) = (format!("hook-{}", hook.id), newest.saturating_sub(hook.cursor));
        page.sample("carecircle_outbox_waiting", &[("channel", &channel)], waiting as f64);
    }
    page.begin(
        "carecircle_outbox_oldest_seconds",
        "gauge",
        "For how long nothing was taken at an address though something waits.",
    );
    for hook in hooks {
        let (channel, since) =
            (format!("hook-{}", hook.id), hook.failing_since.map_or(Span::zero(), |since| now - since));
        page.sample("carecircle_outbox_oldest_seconds", &[("channel", &channel)], secs(since));
    }
}

/// The text as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        self.0 += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (nth, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            self.0 += &format!("{}{label}=\"{text}\"", if nth == 0 { '{' } else { ',' });
        }
        self.0 += &format!("{} {value}\n", if labels.is_empty() { "" } else { "}" });
    }

    fn histogram(&mut self, name: &str, help: &str, lengths: &Lengths) {
        self.begin(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        for (limit, count) in lengths.up_to() {
            self.sample(&bucket, &[("le", &limit.to_string())], count as f64);
        }
        self.sample(&bucket, &[("le", "+Inf")], lengths.count as f64);
        self.sample(&format!("{name}_sum"), &[], lengths.sum_ms as f64 / 1000.0);
        self.sample(&format!("{name}_count"), &[], lengths.count as f64);
    }
}

fn secs(span: Span) -> f64 {
    span.num_milliseconds().max(0) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_numbers_is_one_that_prometheus_reads() {
        let mut page = Page::default();
        page.begin("x_total", "counter", "Of x.");
        page.sample("x_total", &[("a", "q\"\\\n"), ("b", "")], 3.0);
        page.histogram("y_seconds", "Of y.", &[Span::seconds(5), Span::milliseconds(70_500)].into_iter().collect());
        assert!(
            page.0.starts_with("# HELP x_total Of x.\n# TYPE x_total counter\nx_total{a=\"q\\\"\\\\\\n\",b=\"\"} 3\n")
        );
        for line in
            ["y_seconds_bucket{le=\"5\"} 1\n", "y_seconds_bucket{le=\"60\"} 1\n", "y_seconds_bucket{le=\"120\"} 2\n"]
        {
            assert!(page.0.contains(line), "{line}{}", page.0);
        }
        assert!(
            page.0.ends_with("y_seconds_bucket{le=\"+Inf\"} 2\ny_seconds_sum 75.5\ny_seconds_count 2\n"),
            "{}",
            page.0
        );
    }
}
