//! Words of the circle.

pub(super) const LABELS: &[(&str, &str, &str)] = &[
    ("circle", "15分钟照护圈", "15-minute care circle"),
    (
        "circle_hint",
        "离圆心的距离是到门口的分钟数，上方为北",
        "distance from the middle is minutes to the door, north up",
    ),
    (
        "circle_desc",
        "圆心是服务站，三个圈是 5、10、15 分钟；每个图形是一户，下表内容相同",
        "The point in the middle, rings at 5, 10 and 15 minutes; each mark is a home, the table says the same",
    ),
    ("circle_not_allowed", "请先选择当班人员", "Choose first who is on duty"),
    ("circle_shown", "图中住户", "Homes on the drawing"),
    ("circle_unplaced", "路程或方位未知", "Way or direction not known"),
    ("circle_changes", "实际路程比计划长，建议改计划", "The way really takes longer: consider changing the plan"),
    (
        "circle_changes_hint",
        "分钟数在住户卡片中修改，不会自动改动",
        "Minutes are changed on the home's card, never by themselves",
    ),
    ("circle_table", "住户列表", "The same as a list"),
    ("circle_state", "状态", "State"),
    ("circle_minutes", "计划路程", "Planned way"),
    ("circle_ring", "所在圈", "Ring"),
    ("circle_direction", "方位", "Direction"),
    ("circle_real", "实际路程中位数（次数）", "Real way, median (times)"),
    ("beyond_15", "圈外", "beyond 15 min"),
    ("minutes_short", "分", "min"),
    ("north", "北", "N"),
];
