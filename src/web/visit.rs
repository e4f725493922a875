//! The other side of the door: signing in at a station's page as a browser does, by its form, its token, and the cookie that
//! comes back. For the demo's staff, for the crowd of `simulate`, and for tests.

use crate::problem::Problem;

/// What somebody shows at the door.
pub struct Shown<'a> {
    /// Their id or name.
    pub who: &'a str,
    /// A one-time code, if it is by one.
    pub code: &'a str,
    /// Their password; with a code a new one, or none.
    pub password: &'a str,
}

/// The cookie of the session that begins at the station served at `base`; blocks. The agent must not follow redirects.
pub fn sign_in(agent: &ureq::Agent, base: &str, shown: &Shown<'_>) -> Result<String, Problem> {
    let place = format!("{base}/sign-in");
    let failed = |error: ureq::Error| Problem::of(&place, error.to_string());
    let mut form = agent.get(&place).query("code", shown.code).call().map_err(failed)?;
    let visit = cookie(&form, "visit");
    let html = form.body_mut().read_to_string().map_err(failed)?;
    let token = html.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let mut fields = vec![("token", token.unwrap_or_default()), ("who", shown.who), ("password", shown.password)];
    fields.extend((!shown.code.is_empty()).then_some(("code", shown.code)));
    let answer = agent.post(&place).header("cookie", visit).send_form(fields).map_err(failed)?;
    let session = cookie(&answer, "session");
    if session.is_empty() {
        let what = format!("{} was not let in (status {})", shown.who, answer.status().as_u16());
        return Err(Problem::of(place, what).with_deed("check the name, and the password or code"));
    }
    Ok(session)
}

/// `name=value` of a cookie that an answer sets; empty if it sets none.
fn cookie<T>(answer: &ureq::http::Response<T>, name: &str) -> String {
    let set = answer.headers().get_all(ureq::http::header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = set.filter_map(|line| line.split(';').next());
    pairs.find(|pair| pair.split_once('=').is_some_and(|(its, _)| its == name)).unwrap_or_default().to_owned()
}
