//! The words on the station's pages that belong to no alert: headings, buttons, hints.

use crate::text::Language;

/// The words of this name; the name itself where there is none, so that a gap is seen and a test finds it.
pub fn label(language: Language, name: &'static str) -> &'static str {
    let found = LABELS.iter().find(|(label, _, _)| *label == name);
    found.map_or(name, |(_, chinese, english)| language.pick(chinese, english))
}

/// Whether there are words of this name.
pub fn has_label(name: &str) -> bool {
    LABELS.iter().any(|(label, _, _)| *label == name)
}

const LABELS: &[(&str, &str, &str)] = &[
    ("show_why", "点此看原因", "click to see why"),
    ("desk", "值班台", "Desk"),
    ("unclaimed", "未接", "Unclaimed"),
    ("in_hand", "处置中", "In hand"),
    ("no_contact", "失联", "No contact"),
    ("notices", "提醒", "Notices"),
    ("just_closed", "刚办结", "Just closed"),
    ("just_closed_hint", "最近 2 小时", "last 2 hours"),
    ("faults", "故障", "Faults"),
    ("faults_hint", "设备问题，不与求助混排", "equipment, kept apart from people"),
    ("homes", "住户", "Homes"),
    ("receiving", "接收正常", "Receiving"),
    ("not_ready", "不可接警", "Not ready"),
    (
        "broker_down",
        "与消息服务器的连接中断，收不到任何家庭的消息",
        "the link to the broker is down: no home can reach this station",
    ),
    (
        "broker_down_second_path",
        "与消息服务器的连接中断，只能收到已配置备用通道的家庭的消息",
        "the link to the broker is down: only homes with a second path can reach this station",
    ),
    (
        "store_failing",
        "存储失败，新警情只在内存中，暂不向家中回执",
        "storage is failing: new alerts are held in memory only and not receipted",
    ),
    ("storage_replaced", "数据库曾损坏，已另存", "the database was damaged and put aside"),
    ("live", "实时", "Live"),
    ("no_sound", "无声音提醒", "no sound yet"),
    ("loopback", "仅本机可见", "this computer only"),
    ("acting", "当班", "On duty"),
    ("choose_person", "请选择", "choose"),
    ("set", "确定", "Set"),
    ("other_language", "English", "简体中文"),
    ("take_clock", "接单", "take"),
    ("arrive_clock", "到达", "at the door"),
    ("over_by", "超时", "over by"),
    ("before", "前到", "latest"),
    ("ago", "前", "ago"),
    ("more", "更多", "More"),
    ("details", "详情", "Details"),
    ("test", "测试", "TEST"),
    ("close", "办结", "Close"),
    ("close_as", "办结警情", "Close the alert"),
    ("outcome", "结果（必选）", "Outcome (required)"),
    ("contact", "是否见到或通上话", "Was the person seen or spoken to"),
    ("contact_required", "紧急警情必须见到本人或通过话", "an emergency needs one of the first two"),
    ("note", "备注", "Note"),
    ("back", "返回", "Back"),
    ("to_desk", "返回值班台", "Back to the desk"),
    ("why", "为什么", "Why"),
    ("timeline", "时间线", "Timeline"),
    ("earlier", "这户的其他警情", "Other alerts of this home"),
    ("none", "无", "none"),
    ("undo", "撤销上一步", "Undo the last step"),
    ("undone", "已撤销", "undone"),
    ("until", "至", "until"),
    ("waiting_home", "家中网关尚未确认", "the home's gateway has not confirmed yet"),
    ("facts", "情况", "Facts"),
    ("raised_at", "发生", "Raised"),
    ("received_at", "收到", "Received"),
    ("late", "送达迟了", "Delivered late by"),
    ("owner", "负责人", "Owner"),
    ("nobody", "无人负责", "nobody yet"),
    ("home", "住户编号", "Home"),
    ("home_link", "家庭网关", "Gateway"),
    ("online", "已连接", "connected"),
    ("offline", "已断开", "not connected"),
    ("unknown", "不知道", "not known"),
    ("heard", "最近信号", "last heard"),
    ("not_heard", "本站启动后未收到信号", "not heard since this station started"),
    ("last_life", "最近活动", "Last sign of life"),
    ("home_blind", "家中传感器都没有信号，看不到活动", "no sensor there can be heard: nothing can be seen"),
    ("suspended", "报备", "Suspended"),
    ("other_deeds", "其他操作", "Other steps"),
    ("go", "确定", "Do it"),
    ("whom", "打给谁", "Who was called"),
    ("resident", "本人", "the resident"),
    ("family", "家属", "the family"),
    ("neighbour", "邻居", "the neighbour"),
    ("ambulance", "120", "120"),
    ("result", "结果", "Result"),
    ("person", "人员", "Person"),
    ("reason", "原因", "Reason"),
    ("save", "记下", "Save"),
    ("empty", "现在没有待处置警情", "No alert is waiting now"),
    ("empty_homes", "本站认识的住户", "Homes this station knows"),
    ("empty_none", "还没有收到过任何家庭网关的消息", "no gateway of any home has been heard so far"),
    (
        "no_script",
        "此浏览器未启用脚本：无声音、无自动提醒，每 15 秒刷新",
        "No script in this browser: no sound, no live update, reloads every 15 s",
    ),
    ("stale", "画面停住了，请勿据此判断；断开已", "This page has stopped, do not rely on it; cut off for"),
    ("updated", "系统已更新，点此刷新", "The system was updated: click to reload"),
    ("new_rows", "有新警情，点此显示", "New alert: click to show it"),
    ("new_emergency", "有新的紧急警情，点此显示", "New emergency: click to show it"),
    ("cut_off", "已断开", "cut off"),
    ("refused", "没有执行", "Not done"),
    ("understood", "知道了", "Understood"),
    ("who_acts", "谁来做这一步？", "Who does this?"),
    ("choose_first", "请先在上方选择当班人员", "first choose who is on duty"),
    ("no_such_alert", "没有这个警情", "There is no such alert"),
    ("no_such_page", "没有这个页面", "There is no such page"),
    ("bad_form", "表单不完整或已过期，请返回重试", "the form is incomplete or outdated: go back and try again"),
    (
        "foreign_form",
        "请求不是从本站页面发出的，已拒绝",
        "the request did not come from a page of this station and was refused",
    ),
    (
        "not_answered",
        "服务没有及时回答，请刷新页面查看是否已执行",
        "no answer in time: reload the page to see whether it was done",
    ),
    ("not_saved", "已执行，但暂未存盘", "done, but not yet on disk"),
    ("not_durable", "家中网关存储有故障，警情未存盘", "the home's own storage is failing"),
    ("two_numbers", "这户有两个同号警情，请选择", "This home has two alerts of this number: choose one"),
    ("approximate", "家中时钟不可信，时间为推算", "the home's clock is not trusted: times are reckoned"),
    ("life_since", "之后有活动", "active since"),
    ("recovered", "已恢复", "went by itself"),
    ("person_cancelled", "家中称不需要帮助", "home says no help needed"),
    ("again", "第 N 次", "time N"),
    ("escalated", "已升级", "escalated"),
    ("lapsed", "逾时退回", "lapsed"),
    ("overdue", "超时", "overdue"),
    ("reopened", "重新处置", "reopened"),
    ("asked", "已派单", "asked"),
    ("handing", "转交中", "handing over"),
    ("helping", "协助", "helping"),
    ("gateway_gone", "家中失联，无法播报", "home not reached, nothing can be said there"),
    ("closed_details_unknown", "由家中或邻站结束", "ended at the home or by another point"),
    ("no_outcome", "请选择结果", "choose an outcome"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_stands_once_and_in_both_languages() {
        for (i, (name, chinese, english)) in LABELS.iter().enumerate() {
            assert!(LABELS[..i].iter().all(|(earlier, _, _)| earlier != name), "{name} stands twice");
            assert!(!chinese.is_empty() && !english.is_empty(), "{name} has a gap");
        }
    }
}
