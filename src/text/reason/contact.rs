//! Sentences about a daily contact that did not come about.

use super::Say;
use crate::model::found::MissedContact;
use crate::text::counted;

impl Say<'_> {
    pub(super) fn missed_contact(&self, found: &MissedContact) -> Vec<String> {
        let MissedContact { calls, last_call, by_hand, well_at, .. } = found;
        let mut said = vec![match (calls, last_call) {
            (0, _) | (_, None) => self.language.pick(
                "今天没有看到本人自行活动，也没有联系上".to_owned(),
                "the resident has not shown today that all is well, and nobody spoke to them".to_owned(),
            ),
            (calls, Some(last)) => {
                let last = self.at(*last);
                self.language.pick(
                    format!("今天没有看到本人自行活动，电话 {calls} 次未接，最近一次 {last}"),
                    format!(
                        "the resident has not shown today that all is well; {} not answered, the last at {last}",
                        counted(*calls, "call")
                    ),
                )
            }
        }];
        said.push(match well_at {
            Some(at) => {
                let at = self.at(*at);
                self.language.pick(format!("最近一次确认平安：{at}"), format!("Last known to be well: {at}"))
            }
            None => {
                self.language.pick("本站没有平安记录".to_owned(), "When all was well last is not known here".to_owned())
            }
        });
        said.push(
            match by_hand {
                true => self.language.pick("值班员请人上门查看", "The desk asks somebody to go and look"),
                false => self.language.pick("请上门查看", "Somebody must go and look"),
            }
            .to_owned(),
        );
        said
    }
}
