//! Words of the list of homes and of a home's own page.

pub(super) const LABELS: &[(&str, &str, &str)] = &[
    ("home_page", "住户", "Home"),
    ("home_notes", "备注", "Notes"),
    ("home_add_note", "记一条备注", "Write a note"),
    ("home_unknown", "本站不认识这个住户", "This station does not know this home"),
    ("home_alerts", "警情", "Alerts"),
    ("errand_declined", "没有执行：内容不完整，或您无权操作", "Not done: incomplete, or not for you to do"),
];
