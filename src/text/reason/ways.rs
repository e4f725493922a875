//! Sentences about the ways out of the home.

use super::{Say, fact};
use crate::model::reason::{AllPathsLost, CertificateEnds, PathLost, Twin, Within};
use crate::text::counted;

/// A way as people call it.
pub(super) fn name(found: &PathLost) -> String {
    let PathLost { channel, point, .. } = found;
    if channel.as_str() == point.as_str() { point.to_string() } else { format!("{channel} → {point}") }
}

impl Say<'_> {
    pub(super) fn certificate_ends(&self, found: &CertificateEnds) -> Vec<String> {
        let (file, until) = (fact(self.language, &found.file), self.at(found.until));
        let what = match found.within {
            Within::Ended => self.language.pick(
                format!("家中网关的证书 {file} 已于 {until} 到期，服务站不再接受它"),
                format!(
                    "{file}, with which this home's gateway speaks, has ended on {until}: it is believed no longer"
                ),
            ),
            near @ (Within::Days60 | Within::Days30 | Within::Days7) => {
                let days = near.as_str();
                self.language.pick(
                    format!("家中网关的证书 {file} 将于 {until} 到期，剩余不足 {days} 天"),
                    format!(
                        "{file}, with which this home's gateway speaks, ends on {until}: less than {days} days are left"
                    ),
                )
            }
        };
        let deed = self.language.pick(
            "证书本应自动更新，请在家中网关上运行 carecircle renew 查明原因".to_owned(),
            "It should have been renewed by itself; carecircle renew on the gateway says why not".to_owned(),
        );
        vec![what, deed]
    }

    pub(super) fn path_lost(&self, found: &PathLost) -> Vec<String> {
        let (name, since) = (name(found), self.at(found.since));
        let mut sentences = vec![
            self.language.pick(
                format!("家中网关经通道 {name} 已无法确认对方收得到"),
                format!("nothing proves any more that the way {name} reaches anybody"),
            ),
            self.language.pick(format!("上次确认：{since}"), format!("Last proved: {since}")),
        ];
        if !found.why.is_empty() {
            let why = fact(self.language, &found.why);
            sentences.push(self.language.pick(format!("最近一次失败：{why}"), format!("What failed last: {why}")));
        }
        sentences.push(self.language.pick(
            "报警改走其余通道，请检查这条通道".to_owned(),
            "Alerts go by the ways that are left; please check this one".to_owned(),
        ));
        sentences
    }

    pub(super) fn all_paths_lost(&self, found: &AllPathsLost) -> Vec<String> {
        let (since, paths) = (self.at(found.since), found.paths);
        vec![
            self.language.pick(
                format!("家中 {paths} 条通道全部无法确认，这段时间的报警可能送不出去"),
                format!("none of {} out of this home is proved; no alert could be sent", counted(paths, "way")),
            ),
            self.language.pick(format!("上次确认：{since}"), format!("Last proved: {since}")),
            self.language.pick(
                "请先电话联系本人，再检查家中的网络和电源".to_owned(),
                "Phone the person first, then check network and mains there".to_owned(),
            ),
        ]
    }

    pub(super) fn twin(&self, found: &Twin) -> Vec<String> {
        let Twin { point, channel } = found;
        let what = match channel {
            None => self.language.pick(
                format!("服务站 {point} 同时收到两台网关以这户的编号发来的信号"),
                format!("{point} hears two gateways that both speak as this home"),
            ),
            Some(channel) => self.language.pick(
                format!("通道 {channel} 的连接一再刚接通就被断开，可能有另一台网关使用同一编号"),
                format!("the connection of {channel} is closed again and again as soon as it is made; another gateway probably uses the id of this home"),
            ),
        };
        let deed = self.language.pick(
            "请只保留一台：关掉旧网关或复制的存储卡，再在另一台上核对 home.id",
            "Leave one of them: switch off the old box or the copied card, then compare home.id on the other",
        );
        vec![what, deed.to_owned()]
    }
}
