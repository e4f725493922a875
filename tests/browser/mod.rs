//! A tiny WebDriver client: headless Chromium by chromedriver, as much of the protocol as the stories need.
#![allow(clippy::unwrap_used)] // a browser that cannot be driven ends its test

use super::super::support::{free_port, wait_until};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A browser window with a profile of its own; ends with the value.
pub struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

/// What a window is like.
pub struct Window {
    pub width: u32,
    pub height: u32,
    pub script: bool,
}

impl Browser {
    pub fn open(window: Window) -> Browser {
        Browser::open_with(window, &[])
    }

    /// With further switches of Chromium.
    pub fn open_with(window: Window, switches: &[String]) -> Browser {
        for (program, package) in [("/usr/bin/chromium", "chromium"), ("/usr/bin/chromedriver", "chromium-driver")] {
            assert!(Path::new(program).exists(), "{program} is missing; apt-get install {package}");
        }
        let port = free_port();
        let driver = Command::new("/usr/bin/chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        let base = format!("http://127.0.0.1:{port}");
        wait_until("chromedriver listens", Duration::from_secs(20), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Browser { driver, session: base, agent, _profile: profile };
        let answer = browser.command("POST", "/session", &browser.capabilities(&window, switches));
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}")).to_owned();
        browser.session = format!("{}/session/{id}", browser.session);
        browser.size(window.width, window.height);
        browser
    }

    fn capabilities(&self, window: &Window, switches: &[String]) -> Value {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let mut args = vec![
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            &profile,
        ];
        let size = format!("--window-size={},{}", window.width, window.height);
        args.push(&size);
        args.extend(switches.iter().map(String::as_str));
        let script = if window.script { 1 } else { 2 };
        json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {
                "args": args, "binary": "/usr/bin/chromium",
                "prefs": { "profile.managed_default_content_settings.javascript": script },
            },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } })
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let answer = match method {
            "GET" => self.agent.get(&url).call(),
            "DELETE" => self.agent.delete(&url).call(),
            _ => self.agent.post(&url).send_json(body),
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let value: Value = answer.body_mut().read_json().unwrap();
        value["value"].clone()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let value = self.command("POST", path, body);
        assert!(value.get("error").is_none(), "{path} {body}: {}: {}", value["error"], value["message"]);
        value
    }

    /// The size of the page itself, as a phone of that size would have it.
    pub fn size(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    pub fn devtools(&self, command: &str, params: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    pub fn go(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// A script that every page runs before its own.
    pub fn before_each_page(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }));
    }

    /// Types into whatever has the focus.
    pub fn keys(&self, keys: &str) {
        let press = |key: char| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })];
        let actions: Vec<Value> = keys.chars().flat_map(press).collect();
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }));
    }

    /// Goes on with Tab, as somebody without a mouse does, until what has the focus matches; every stop shows where it is.
    #[track_caller]
    pub fn tab_to(&self, selector: &str) {
        for _ in 0..200 {
            self.keys("\u{e004}");
            let stop = self.run(&format!(
                "var e = document.activeElement, s = getComputedStyle(e); \
                 return [e.matches({selector:?}), e === document.body || s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2, e.outerHTML.slice(0, 120)]"
            ));
            assert_eq!(stop[1], json!(true), "the focus cannot be seen on {}", stop[2]);
            if stop[0] == json!(true) {
                return;
            }
        }
        panic!("Tab never comes to {selector:?}");
    }

    /// The page as it would be printed, on A4 without colours of the ground.
    pub fn print(&self, path: &Path) {
        let paper =
            json!({ "printBackground": false, "preferCSSPageSize": true, "paperWidth": 8.27, "paperHeight": 11.69 });
        let pdf = self.devtools("Page.printToPDF", &paper);
        std::fs::write(path, decode_base64(pdf["data"].as_str().unwrap())).unwrap();
    }

    /// Moves the pointer to the middle of what matches first, and leaves it there.
    #[track_caller]
    pub fn point_at(&self, selector: &str) {
        self.aim(selector, |element| {
            let origin = json!({ "element-6066-11e4-a52e-4f735466cecf": element });
            self.pointer(&[json!({ "type": "pointerMove", "duration": 0, "origin": origin, "x": 0, "y": 0 })])
        });
    }

    /// Presses where the pointer is.
    pub fn press_here(&self) {
        let answer =
            self.pointer(&[json!({ "type": "pointerDown", "button": 0 }), json!({ "type": "pointerUp", "button": 0 })]);
        assert!(answer.get("error").is_none(), "{answer}");
    }

    fn pointer(&self, actions: &[Value]) -> Value {
        let mouse =
            json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions });
        self.command("POST", "/actions", &json!({ "actions": [mouse] }))
    }

    /// Opens a tab and goes on in it; the tab's name.
    pub fn new_tab(&self) -> String {
        let tab = self.post("/window/new", &json!({ "type": "tab" }))["handle"].as_str().unwrap().to_owned();
        self.switch_to(&tab);
        tab
    }

    /// Goes on in this tab.
    pub fn switch_to(&self, tab: &str) {
        self.post("/window", &json!({ "handle": tab }));
    }

    /// The tab it is in.
    pub fn tab(&self) -> String {
        self.command("GET", "/window", &Value::Null).as_str().unwrap().to_owned()
    }

    /// Gives the browser a cookie `name=value` of the site at `base`.
    pub fn take_cookie(&self, base: &str, cookie: &str) {
        self.go(&format!("{base}/sign-in"));
        let (name, value) = cookie.split_once('=').unwrap();
        let cookie = json!({ "name": name, "value": value, "path": "/", "httpOnly": true, "sameSite": "Strict" });
        self.post("/cookie", &json!({ "cookie": cookie }));
    }

    pub fn title(&self) -> String {
        self.command("GET", "/title", &Value::Null).as_str().unwrap().to_owned()
    }

    /// Whether something matches; a page that is just being replaced has nothing.
    pub fn has(&self, selector: &str) -> bool {
        !self.all(selector).is_empty()
    }

    fn all(&self, selector: &str) -> Vec<String> {
        let found = self.command("POST", "/elements", &json!({ "using": "css selector", "value": selector }));
        let elements = found.as_array().cloned().unwrap_or_default();
        elements.iter().filter_map(|element| Some(element.as_object()?.values().next()?.as_str()?.to_owned())).collect()
    }

    #[track_caller]
    fn one(&self, selector: &str) -> String {
        let mut found = Vec::new();
        // A page that comes anew by itself may have gone between two looks.
        wait_until(&format!("{selector:?} is on the page"), PATIENCE, || {
            found = self.all(selector);
            !found.is_empty()
        });
        found.swap_remove(0)
    }

    /// Clicks what a person sees there.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.aim(selector, |element| self.command("POST", &format!("/element/{element}/click"), &json!({})));
    }

    #[track_caller]
    pub fn write(&self, selector: &str, text: &str) {
        let text = json!({ "text": text });
        self.aim(selector, |element| self.command("POST", &format!("/element/{element}/value"), &text));
    }

    /// Does this to what matches first; a row that is just being drawn anew is aimed at again.
    #[track_caller]
    fn aim(&self, selector: &str, deed: impl Fn(&str) -> Value) {
        let mut answer = Value::Null;
        wait_until(&format!("{selector:?} stays where it is"), PATIENCE, || {
            answer = deed(&self.one(selector));
            !is_gone(&answer)
        });
        assert!(answer.get("error").is_none(), "{selector:?}: {}: {}", answer["error"], answer["message"]);
    }

    /// The text a person sees; empty if there is none. What is just being drawn anew is looked at again: its text is not
    /// empty, it was only asked for between two drawings.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let mut text = Value::Null;
        wait_until(&format!("{selector:?} stays for a look"), PATIENCE, || {
            let Some(element) = self.all(selector).into_iter().next() else {
                text = Value::Null;
                return true;
            };
            text = self.command("GET", &format!("/element/{element}/text"), &Value::Null);
            !is_gone(&text)
        });
        text.as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub fn wait_for_text(&self, selector: &str, text: &str) {
        let what = format!("{text:?} in {selector:?}");
        wait_until(&what, PATIENCE, || self.text(selector).contains(text));
    }

    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Lines of the console since the last look.
    pub fn console(&self) -> Vec<String> {
        let lines = self.post("/se/log", &json!({ "type": "browser" }));
        lines.as_array().unwrap().iter().map(|line| line["message"].to_string()).collect()
    }

    /// The addresses requested since the last look.
    pub fn requests(&self) -> Vec<String> {
        let lines = self.post("/se/log", &json!({ "type": "performance" }));
        let lines = lines.as_array().unwrap().iter().filter_map(|line| {
            let message: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
            let message = &message["message"];
            (message["method"] == "Network.requestWillBeSent").then(|| message["params"]["request"]["url"].clone())
        });
        lines.filter_map(|url| url.as_str().map(str::to_owned)).collect()
    }

    /// How far the page is wider than the window, in pixels.
    pub fn overflow(&self) -> i64 {
        let metrics = self.devtools("Page.getLayoutMetrics", &json!({}));
        let width = |name: &str, field: &str| metrics[name][field].as_f64().unwrap() as i64;
        width("cssContentSize", "width") - width("cssLayoutViewport", "clientWidth")
    }

    /// What reaches beyond the window on the right, for whoever has to find out why.
    pub fn too_wide(&self) -> Value {
        self.run(
            "return Array.from(document.querySelectorAll('body *')).filter(function (e) { return e.getBoundingClientRect().right > innerWidth + 1; }) \
             .map(function (e) { return e.outerHTML.slice(0, 160); }).slice(-3)",
        )
    }

    /// A picture of what the window shows, for people.
    pub fn picture(&self, path: &Path) {
        self.picture_of(path, &json!({}));
    }

    /// A smaller one of this part of it.
    pub fn small_picture(&self, path: &Path, width: u32, height: u32, scale: f64) {
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": scale });
        self.picture_of(path, &json!({ "clip": clip }));
    }

    fn picture_of(&self, path: &Path, params: &Value) {
        let shot = self.devtools("Page.captureScreenshot", params);
        std::fs::write(path, decode_base64(shot["data"].as_str().unwrap())).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.command("DELETE", "", &Value::Null);
        } else {
            self.agent.delete(&self.session).call().ok();
        }
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// Whether an element was drawn anew, or its page left, between finding it and asking it something.
fn is_gone(answer: &Value) -> bool {
    let of_its_kind = ["stale element reference", "no such element"].iter().any(|gone| answer["error"] == *gone);
    // Amid a drawing, chromedriver says the same of a node as an error of the inspector.
    let told = answer["message"]
        .as_str()
        .is_some_and(|why| why.contains("does not belong to the document") || why.contains("No node with given id"));
    of_its_kind || (answer.get("error").is_some() && told)
}

fn decode_base64(text: &str) -> Vec<u8> {
    let six = |b: u8| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'=').map(six).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, six| bits << 6 | u32::from(*six)) << (6 * (4 - four.len()));
        bytes.extend(&bits.to_be_bytes()[1..four.len()]);
    }
    bytes
}

const PATIENCE: Duration = Duration::from_secs(10);
