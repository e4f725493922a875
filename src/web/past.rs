//! Alerts wherever they are: in the queue, or filed.

use crate::desk::{AlertKey, AlertView, Case, FiledCase, RowView};
use crate::model::ids::HomeId;
use crate::model::lifecycle::Actor;
use crate::model::time::Timestamp;
use crate::store::{Error, Office};
use crate::web::Site;
use crate::web::reports::files::cases;
use std::sync::Arc;

impl Site {
    /// One alert with its timeline, and other alerts of its home.
    pub(super) fn alert_view(&self, now: Timestamp, key: &AlertKey, by: &Actor) -> Option<AlertView> {
        let in_queue = self.desk().alert_view(now, key, by);
        let mut view = match in_queue {
            Some(view) => view,
            None => {
                let filed = filed(&self.office, key)?;
                let mut view = self.desk().filed_view(filed);
                view.earlier = self.desk().alerts_of(now, &key.home, by);
                view
            }
        };
        self.add_filed(&mut view.earlier, &key.home, Some(key), EARLIER_SHOWN_MAX);
        Some(view)
    }

    /// The newest alerts of one home, newest first.
    pub(super) fn alerts_of(&self, now: Timestamp, home: &HomeId, by: &Actor) -> Vec<RowView> {
        let mut rows = self.desk().alerts_of(now, home, by);
        self.add_filed(&mut rows, home, None, ALERTS_SHOWN_MAX);
        rows
    }

    fn add_filed(&self, rows: &mut Vec<RowView>, home: &HomeId, but: Option<&AlertKey>, count: usize) {
        if rows.len() < count {
            let filed = self.office.filed_of(home, count + 1).unwrap_or_else(unread);
            let cases = filed.iter().filter_map(|body| serde_json::from_slice::<Case>(body.as_bytes()).ok());
            let new: Vec<Case> =
                cases.filter(|case| Some(&case.key) != but && !rows.iter().any(|row| row.key == case.key)).collect();
            rows.extend(new.iter().map(RowView::of_case));
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.raised_at));
        rows.truncate(count);
    }

    /// Every alert that began from `from` until just before `to`, and all that are in the queue.
    pub(super) async fn cases(self: &Arc<Site>, from: Timestamp, to: Timestamp) -> Result<Vec<Case>, String> {
        let (office, in_queue) = (self.office.clone(), self.desk().open_cases());
        let read = move || cases(&office, in_queue, from, to);
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|failed| failed.to_string())?.map_err(|error| error.to_string())
    }
}

fn filed(office: &Office, key: &AlertKey) -> Option<FiledCase> {
    let found = office.filed(&key.home, key.alert.number, key.alert.raised_at);
    let (case, timeline) = found.unwrap_or_else(unread)?;
    let (case, timeline) =
        (serde_json::from_slice(case.as_bytes()).ok()?, serde_json::from_slice(timeline.as_bytes()).ok()?);
    Some(FiledCase { case, timeline })
}

fn unread<T: Default>(why: Error) -> T {
    tracing::error!(%why, "filed alerts could not be read");
    T::default()
}

/// As many as the desk itself names.
const EARLIER_SHOWN_MAX: usize = 5;
const ALERTS_SHOWN_MAX: usize = 50;
