//! The whole story once, with a staff member's answers: each chapter waits, with a deadline, until it was really seen.

use super::house::{PENDANT, ROOMS};
use super::staff::Staff;
use super::stage::Stage;
use crate::clock;
use crate::model::status::Status;
use crate::model::time::Span;
use crate::problem::Problem;
use serde_json::Value;
use std::time::Duration;

/// Longest wait for one chapter.
const WITHIN: Span = Span::seconds(20);

/// Plays the story; an error names the chapter that was not seen.
pub async fn play(stage: &mut Stage, staff: &mut Staff) -> Result<(), Problem> {
    let mut told = Told { begun: clock::since_boot() };
    page_is_there(&mut told, staff).await?;
    home_lives(&mut told, stage, staff).await?;
    call_is_answered(&mut told, stage, staff).await?;
    meal_is_asked_for(&mut told, stage, staff).await?;
    silence_is_noticed(&mut told, stage, staff).await?;
    told.line("the end: every step was seen");
    Ok(())
}

async fn page_is_there(told: &mut Told, staff: &Staff) -> Result<(), Problem> {
    let page = staff.page().await?;
    let has_desk = page.contains("/static/desk.js") && page.contains("乐合社区服务站");
    told.must("the station's page is served", has_desk)?;
    let ready = told.until("the station hears its broker", || async { Ok(staff.desk().await?["ready"] == true) });
    ready.await
}

async fn home_lives(told: &mut Told, stage: &mut Stage, staff: &Staff) -> Result<(), Problem> {
    told.until("the home's heartbeat is at the station", || async {
        let desk = staff.desk().await?;
        Ok(desk["homes"].as_array().is_some_and(|homes| homes.iter().any(|home| home["heard_at_ms"].is_number())))
    })
    .await?;
    for room in ROOMS {
        stage.walk_through(room).await?;
    }
    let status = told.until("the gateway has heard every motion sensor", || async {
        let Some(status) = stage.status() else { return Ok(false) };
        Ok(ROOMS.iter().all(|room| status.sensors.iter().any(|s| s.id.as_str() == *room && s.event_at.is_some())))
    });
    status.await
}

async fn call_is_answered(told: &mut Told, stage: &mut Stage, staff: &mut Staff) -> Result<(), Problem> {
    told.line("she presses the pendant (an ESP3 telegram on the radio's port)");
    stage.radio.press(PENDANT).map_err(|error| Problem::of("the radio", error.to_string()))?;
    let row = told.row("the call is on the desk", staff, "call_button", |row| row["severity"] == "emergency").await?;
    told.until("the gateway has the station's receipt", || async {
        Ok(stage
            .status()
            .is_some_and(|s| s.outbox.waiting == 0 && s.open_alerts.iter().any(|a| a.phase.as_str() == "received")))
    })
    .await?;
    for (step, phase) in [("take", "taken"), ("depart", "on_the_way"), ("arrive", "arrived")] {
        staff.click(&row, step).await?;
        told.row(&format!("the desk shows {phase}"), staff, "call_button", |row| row["phase"] == phase).await?;
        told.until(&format!("the gateway's book says {phase}"), || async {
            Ok(stage.status().is_some_and(|s| s.open_alerts.iter().any(|alert| alert.phase.as_str() == phase)))
        })
        .await?;
    }
    close(told, stage, staff, &row).await
}

async fn meal_is_asked_for(told: &mut Told, stage: &mut Stage, staff: &mut Staff) -> Result<(), Problem> {
    told.line("she asks for a meal (a Zigbee button)");
    stage.bridge.press("meal_button", "single").await.map_err(|why| Problem::of("the bridge", why.to_string()))?;
    let row = told
        .row("the request is on the desk, as a notice", staff, "service_button", |row| row["severity"] == "notice")
        .await?;
    close(told, stage, staff, &row).await
}

async fn silence_is_noticed(told: &mut Told, stage: &mut Stage, staff: &mut Staff) -> Result<(), Problem> {
    stage.walk_through("bathroom_pir").await?;
    told.line("she falls in the bathroom; nothing moves any more");
    let row = told.row("the silence is on the desk", staff, "inactivity", |_| true).await?;
    let alert = staff.alert(&row).await?;
    let reason = alert["reason_text"].as_str().unwrap_or_default();
    told.must(&format!("it says why: {reason}"), reason.contains("bath") || reason.contains("卫生间"))?;
    staff.click(&row, "depart").await?;
    told.row("taken and on the way in one click", staff, "inactivity", |row| row["phase"] == "on_the_way").await?;
    stage.walk_through("hall_pir").await?;
    told.until("the sign of life afterwards is in the timeline, and the alert stays open", || async {
        let alert = staff.alert(&row).await?;
        let lines = alert["timeline"].as_array().cloned().unwrap_or_default();
        Ok(alert["phase"] == "on_the_way" && lines.iter().any(|line| line["deed"] == "life"))
    })
    .await?;
    staff.click(&row, "arrive").await?;
    close(told, stage, staff, &row).await
}

async fn close(told: &mut Told, stage: &Stage, staff: &mut Staff, row: &Value) -> Result<(), Problem> {
    staff.click(row, "close").await?;
    let clicked_at = clock::now();
    let (rule, number) = (row["rule"].as_str().unwrap_or_default().to_owned(), row["alert"].as_u64());
    told.until(&format!("{rule}: closed at the desk"), || async {
        Ok(staff.open(&rule).await?.is_none_or(|open| open["alert"].as_u64() != number))
    })
    .await?;
    told.until(&format!("{rule}: closed in the gateway's book"), || async {
        let is_open = |s: &Status| s.open_alerts.iter().any(|alert| Some(alert.id.number) == number);
        Ok(stage.status().is_some_and(|s| s.at > clicked_at && !is_open(&s)))
    })
    .await
}

/// The timeline that is printed.
struct Told {
    begun: Span,
}

impl Told {
    #[allow(clippy::print_stdout)] // the story is what the command is for
    fn line(&mut self, what: &str) {
        let since = (clock::since_boot() - self.begun).num_milliseconds() as f64 / 1000.0;
        println!("{since:7.2} s  {what}");
    }

    fn must(&mut self, what: &str, holds: bool) -> Result<(), Problem> {
        if !holds {
            return Err(Problem::of("the story", format!("not seen: {what}")));
        }
        self.line(what);
        Ok(())
    }

    async fn until<F: Future<Output = Result<bool, Problem>>>(
        &mut self,
        what: &str,
        mut holds: impl FnMut() -> F,
    ) -> Result<(), Problem> {
        let begun = clock::since_boot();
        while !holds().await? {
            if clock::since_boot() - begun > WITHIN {
                return Err(Problem::of("the story", format!("not seen within {} s: {what}", WITHIN.num_seconds())));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        self.line(what);
        Ok(())
    }

    async fn row(
        &mut self,
        what: &str,
        staff: &Staff,
        rule: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Value, Problem> {
        let mut found = None;
        let begun = clock::since_boot();
        while found.is_none() {
            found = staff.open(rule).await?.filter(|row| fits(row));
            if found.is_none() && clock::since_boot() - begun > WITHIN {
                return Err(Problem::of("the story", format!("not seen within {} s: {what}", WITHIN.num_seconds())));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        self.line(what);
        Ok(found.expect("the loop ends with it"))
    }
}
