//! `GET /metrics`: the station as numbers, for a supervisor of many stations. No home and no person is named.
//!
//! To this machine, or with a token of the scope `read`. Counted anew from the history at each start: a counter that fell is a
//! restart, as Prometheus expects. Tests and drills are left out.

use crate::desk::{Figures, HomeView};
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
use std::sync::Arc;

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
    page.begin("carecircle_sse_clients", "gauge", "Programs that listen to the stream of events.");
    page.sample("carecircle_sse_clients", &[], site.api.listening() as f64);
    let (figures, homes) = {
        let desk = site.desk();
        let figures: Vec<Figures> = desk.figures().filter(|figures| !figures.test).collect();
        (figures, desk.home_views())
    };
    alerts(&mut page, &figures);
    times(&mut page, &figures);
    of_homes(&mut page, now, &homes);
    if let Some((hooks, newest)) = hooks {
        of_hooks(&mut page, now, &hooks, newest);
    }
    page.0
}

fn alerts(page: &mut Page, figures: &[Figures]) {
    let (mut total, mut open, mut faults) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for one in figures {
        let (severity, outcome) = (severity_id(one.severity), one.outcome.map_or("", |outcome| outcome.as_str()));
        *total.entry((one.rule, severity, outcome)).or_insert(0_u64) += 1;
        if one.phase.is_open() {
            *open.entry((one.phase.as_str(), severity)).or_insert(0_u64) += 1;
            if one.severity == Severity::Fault {
                *faults.entry(one.rule).or_insert(0_u64) += 1;
            }
        }
    }
    page.begin("carecircle_alerts_total", "counter", "Alerts in the history; without an outcome while they are open.");
    for ((rule, severity, outcome), count) in total {
        let labels = [("rule", rule), ("severity", severity), ("outcome", outcome)];
        page.sample("carecircle_alerts_total", &labels, count as f64);
    }
    page.begin("carecircle_alerts_open", "gauge", "Alerts that people have to act on.");
    for ((phase, severity), count) in open {
        page.sample("carecircle_alerts_open", &[("phase", phase), ("severity", severity)], count as f64);
    }
    page.begin("carecircle_faults_open", "gauge", "Faults of equipment that are open.");
    for (rule, count) in faults {
        page.sample("carecircle_faults_open", &[("kind", rule)], count as f64);
    }
}

fn times(page: &mut Page, figures: &[Figures]) {
    // What the home's gateway or the station found out about equipment is no call that somebody answers.
    let of_persons = || figures.iter().filter(|one| matches!(one.severity, Severity::Emergency | Severity::Urgent));
    page.histogram(
        "carecircle_transport_seconds",
        "From the raise in the home to the receipt here.",
        of_persons().map(|one| one.transport),
    );
    page.histogram("carecircle_take_seconds", "From the receipt to the take.", of_persons().filter_map(|one| one.take));
    page.histogram(
        "carecircle_arrive_seconds",
        "From the raise to the door.",
        of_persons().filter_map(|one| one.arrive),
    );
    page.histogram("carecircle_close_seconds", "From the raise to the end.", of_persons().filter_map(|one| one.close));
}

fn of_homes(page: &mut Page, now: Timestamp, homes: &[HomeView]) {
    let mut states: BTreeMap<&str, u64> =
        ["blind", "cannot_see", "suspended", "heard", "not_heard"].map(|state| (state, 0)).into();
    for home in homes {
        *states.entry(state(home)).or_insert(0) += 1;
    }
    page.begin("carecircle_homes", "gauge", "Homes by how they can be seen.");
    for (state, count) in states {
        page.sample("carecircle_homes", &[("state", state)], count as f64);
    }
    if let Some(oldest) = homes.iter().filter_map(|home| home.heard_at).min() {
        let age = secs(now - oldest);
        page.begin("carecircle_heartbeat_age_seconds_max", "gauge", "Age of the oldest newest word of a home.");
        page.sample("carecircle_heartbeat_age_seconds_max", &[], age);
    }
}

fn state(home: &HomeView) -> &'static str {
    match &home.condition {
        _ if home.unreachable => "blind",
        _ if home.heard_at.is_none() => "not_heard",
        Some(condition) if condition.blind => "cannot_see",
        Some(condition) if !condition.suspended.is_empty() => "suspended",
        Some(_) | None => "heard",
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

    fn histogram(&mut self, name: &str, help: &str, spans: impl Iterator<Item = Span>) {
        self.begin(name, "histogram", help);
        let spans: Vec<f64> = spans.map(secs).collect();
        let bucket = format!("{name}_bucket");
        for limit in BUCKETS_SECS {
            let count = spans.iter().filter(|secs| **secs <= limit).count();
            self.sample(&bucket, &[("le", &limit.to_string())], count as f64);
        }
        self.sample(&bucket, &[("le", "+Inf")], spans.len() as f64);
        self.sample(&format!("{name}_sum"), &[], spans.iter().sum());
        self.sample(&format!("{name}_count"), &[], spans.len() as f64);
    }
}

fn secs(span: Span) -> f64 {
    span.num_milliseconds().max(0) as f64 / 1000.0
}

const BUCKETS_SECS: [f64; 11] = [5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_numbers_is_one_that_prometheus_reads() {
        let mut page = Page::default();
        page.begin("x_total", "counter", "Of x.");
        page.sample("x_total", &[("a", "q\"\\\n"), ("b", "")], 3.0);
        page.histogram("y_seconds", "Of y.", [Span::seconds(5), Span::milliseconds(70_500)].into_iter());
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
