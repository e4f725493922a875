//! Words of the page that hangs beside the desk.

pub(super) const LABELS: &[(&str, &str, &str)] = &[
    ("help_page", "帮助", "Help"),
    ("help_stopped", "画面停住了怎么办", "When the page stops"),
    (
        "help_do_reload",
        "按刷新。回来以后，停住期间的警情会自动补上",
        "Reload it. What came meanwhile is shown once it is back",
    ),
    (
        "help_do_other",
        "还是不行：换一台电脑或手机打开本页并登录",
        "Still stopped: open this page on another computer or telephone and sign in",
    ),
    (
        "help_do_phone",
        "都不行：打电话告诉站长和在外人员，说明“值班台不能接警”",
        "Nothing helps: phone the supervisor and whoever is out, and say that the desk receives no alerts",
    ),
    (
        "help_do_computer",
        "到服务站主机旁看电源和网络。主机恢复前，家中的警情会找邻站和备用通道",
        "Look at the power and the network of the station's computer. Until it is back, homes ask the next point and their other ways out",
    ),
    (
        "help_do_note",
        "恢复以后，在交接班里记下停了多久",
        "Afterwards write into the hand-over for how long it was down",
    ),
    ("help_phone_supervisor", "站长电话", "Supervisor's telephone"),
    ("help_phone_neighbour", "邻站电话", "Telephone of the next point"),
    ("help_shapes", "形状和颜色", "Shapes and colours"),
    ("help_emergency", "呼叫、跌倒、烟雾、燃气：现在就去", "call, fall, smoke, gas: go now"),
    (
        "help_urgent",
        "平时有活动的时候没有活动等：先打电话，再上门",
        "quiet when there mostly is life, and the like: phone, then go",
    ),
    ("help_notice", "今天处理即可", "today is soon enough"),
    (
        "help_blind",
        "这户现在发不出警情：打电话问本人，再请维护员",
        "this home cannot raise an alert now: phone the person, then send a technician",
    ),
    (
        "help_fault",
        "设备问题，能用但要修：按期处理，不响铃",
        "equipment that still works: by its due date, without sound",
    ),
    ("help_signs", "画面上的话", "What the page says"),
    (
        "help_ready",
        "每一项都有证据：收得到、存得住、听得见、有人在",
        "each of it proved: alerts arrive, are kept, are heard, somebody is there",
    ),
    ("help_not_ready", "点它看原因和下一步", "click it: why, and what to do next"),
    ("help_sound_locked", "点一下页面任何地方，声音就开", "click anywhere on the page to switch it on"),
    ("help_clock_warn", "4:59", "4:59"),
    ("help_clock_warn_is", "离最晚到达不到 5 分钟", "less than 5 minutes until somebody must be there"),
    ("help_clock_over", "+0:12", "+0:12"),
    ("help_clock_over_is", "已超时，数字往上走", "too late, and counting up"),
    (
        "help_stale",
        "画面不是现在的，见“画面停住了怎么办”",
        "what you see is not how things are now: see \"When the page stops\"",
    ),
    ("help_ended", "这台电脑不再接警：马上重新登录", "this computer receives nothing: sign in again at once"),
    (
        "help_keys",
        "快捷键只对选中的那一行起作用；没有一个键能直接办结",
        "Keys act on the selected row alone; no single key closes an alert",
    ),
];
