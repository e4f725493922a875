//! The demo's staff: reads the desk and clicks, over HTTP as a page or a program would.

use crate::problem::Problem;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// Somebody at the desk.
#[derive(Clone)]
pub struct Staff {
    agent: ureq::Agent,
    page: SocketAddr,
    clicks: u32,
}

impl Staff {
    /// At the desk served at `page`.
    pub fn new(page: SocketAddr) -> Staff {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).http_status_as_error(false);
        Staff { agent: config.build().into(), page, clicks: 0 }
    }

    /// The whole desk as JSON.
    pub async fn desk(&self) -> Result<Value, Problem> {
        self.get("/api/v1/desk".to_owned()).await
    }

    /// The desk's page as HTML.
    pub async fn page(&self) -> Result<String, Problem> {
        let (agent, url) = (self.agent.clone(), format!("http://{}/", self.page));
        let read = move || agent.get(&url).call().and_then(|mut answer| answer.body_mut().read_to_string());
        self.blocking(read).await
    }

    /// The newest open alert of this rule, as the desk shows it.
    pub async fn open(&self, rule: &str) -> Result<Option<Value>, Problem> {
        let desk = self.desk().await?;
        let bands = desk["bands"].as_object().into_iter().flatten();
        let rows = bands.filter(|(name, _)| *name != "just_closed").filter_map(|(_, rows)| rows.as_array()).flatten();
        Ok(rows
            .filter(|row| row["rule"] == rule && row["phase"] != "closed")
            .max_by_key(|row| row["alert"].as_u64())
            .cloned())
    }

    /// One alert with its timeline.
    pub async fn alert(&self, row: &Value) -> Result<Value, Problem> {
        self.get(format!("/api/v1/alerts/{}/{}", row["home"].as_str().unwrap_or_default(), row["alert"])).await
    }

    /// Clicks: `take`, `depart`, `arrive`, `close`.
    pub async fn click(&mut self, row: &Value, step: &str) -> Result<Value, Problem> {
        self.clicks += 1;
        let home = row["home"].as_str().unwrap_or_default();
        let url = format!("http://{}/api/v1/alerts/{home}/{}/steps", self.page, row["alert"]);
        let body = json!({
            "step": step, "key": format!("demo-{}-{}", std::process::id(), self.clicks), "who": "desk1",
            "outcome": "found_well", "contact": "seen", "note": "",
        });
        let agent = self.agent.clone();
        let post = move || {
            let mut answer = agent.post(&url).send_json(&body)?;
            let status = answer.status().as_u16();
            Ok((status, answer.body_mut().read_json::<Value>()?))
        };
        let (status, answer) = self.blocking(post).await?;
        if status / 100 == 2 {
            return Ok(answer);
        }
        Err(Problem::of(format!("{step} on {home}/{}", row["alert"]), format!("the desk answered {status}: {answer}")))
    }

    async fn get(&self, path: String) -> Result<Value, Problem> {
        let (agent, url) = (self.agent.clone(), format!("http://{}{path}", self.page));
        self.blocking(move || agent.get(&url).call().and_then(|mut answer| answer.body_mut().read_json::<Value>()))
            .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, ureq::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let answer = tokio::task::spawn_blocking(call).await;
        let place = || format!("http://{}/", self.page);
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Problem::of(place(), error.to_string())),
            Err(error) => Err(Problem::of(place(), error.to_string())),
        }
    }
}
