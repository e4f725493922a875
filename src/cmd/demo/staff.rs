//! The demo's staff: reads the desk and clicks, over HTTP as a page or a program would.

use crate::problem::Problem;
use crate::web::visit::{Shown, sign_in};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// Somebody at the desk.
#[derive(Clone)]
pub struct Staff {
    agent: ureq::Agent,
    page: SocketAddr,
    who: &'static str,
    cookie: String,
    clicks: u32,
}

impl Staff {
    /// Signs in at the desk served at `page`, as a browser does: the form, its token, the cookie that comes back.
    pub async fn sign_in(page: SocketAddr, who: &'static str, code: &str) -> Result<Staff, Problem> {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(5)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        let mut staff = Staff { agent, page, who, cookie: String::new(), clicks: 0 };
        let (agent, base, code) = (staff.agent.clone(), format!("http://{page}"), code.to_owned());
        let shown = move || sign_in(&agent, &base, &Shown { who, code: &code, password: "" });
        let signed_in = tokio::task::spawn_blocking(shown).await;
        staff.cookie = signed_in.map_err(|error| Problem::of(format!("http://{page}/"), error.to_string()))??;
        Ok(staff)
    }

    /// The whole desk as JSON.
    pub async fn desk(&self) -> Result<Value, Problem> {
        self.get("/api/v1/desk".to_owned()).await
    }

    /// The desk's page as HTML.
    pub async fn page(&self) -> Result<String, Problem> {
        let (agent, url, cookie) = (self.agent.clone(), format!("http://{}/", self.page), self.cookie.clone());
        let read = move || {
            agent.get(&url).header("cookie", cookie).call().and_then(|mut answer| answer.body_mut().read_to_string())
        };
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
            "step": step, "key": format!("demo-{}-{}", std::process::id(), self.clicks), "who": self.who,
            "outcome": "found_well", "contact": "seen", "note": "",
        });
        let (agent, cookie) = (self.agent.clone(), self.cookie.clone());
        let post = move || {
            let mut answer = agent.post(&url).header("cookie", cookie).send_json(&body)?;
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
        let (agent, url, cookie) = (self.agent.clone(), format!("http://{}{path}", self.page), self.cookie.clone());
        let read = move || agent.get(&url).header("cookie", cookie).call()?.body_mut().read_json::<Value>();
        self.blocking(read).await
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
