//! Words of long lists: which part is shown, and where the rest is.

pub(super) const LABELS: &[(&str, &str, &str)] = &[
    ("list_earlier", "上一页", "Previous"),
    ("list_later", "下一页", "Next"),
    ("list_more", "未列出", "Not listed here"),
    ("list_more_rows", "条，紧急程度较低", "more, less pressing than these"),
    ("list_more_closed", "条，更早办结，可在“报表”页查看", "more, closed earlier: see Reports"),
    ("list_more_homes", "户，可在“住户”页按地址或编号查找", "more homes: find them by place or id under Homes"),
    (
        "list_more_days_list",
        "户，紧急程度较低；全部见 CSV 表格",
        "more homes, less pressing than these; the CSV table has all",
    ),
];
