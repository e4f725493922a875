"""Two plots as SVG, from the rows of a run, with nothing but text."""
import math
from xml.sax.saxutils import escape

from . import systems
from .report import Figures

COLOURS = {"floor": "#888888", "ours": "#0b6e4f", "memory": "#62b58f", "node-red": "#b5332e", "home-assistant": "#2f6db5"}
FONT = 'font-family="DejaVu Sans, Helvetica, Arial, sans-serif"'


def latency_curves(rows, file):
    """The share of presses whose alert had come, over time on a log scale; QoS 1 drawn through, QoS 0 dashed."""
    figures = Figures(rows)
    names = [name for name in figures.systems if figures.times(name, 1)]
    if not names:
        return
    left, top, width, height = 60, 40, 620, 300
    low, high = decades([time for name in names for qos in (1, 0) for time in figures.times(name, qos)])
    across = lambda value: left + width * (math.log10(value) - low) / (high - low)
    down = lambda share: top + height * (1 - share)
    out = head(720, 430, "Press to alert: share of presses answered within a time" + trial(rows))
    for power in range(low, high + 1):
        x = across(10.0**power)
        out.append(line(x, top, x, top + height, "#dddddd"))
        out.append(words(x, top + height + 18, plain(10.0**power) + " ms", "middle"))
    for share in (0, 0.25, 0.5, 0.75, 1):
        out.append(line(left, down(share), left + width, down(share), "#dddddd"))
        out.append(words(left - 8, down(share) + 4, f"{share:.0%}", "end"))
    for name in names:
        for qos, dashes in ((1, ""), (0, ' stroke-dasharray="4 4"')):
            times = sorted(figures.times(name, qos))
            points = " ".join(f"{across(time):.1f},{down((n + 1) / len(times)):.1f}" for n, time in enumerate(times))
            out.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"{dashes}/>')
    for n, name in enumerate(names):
        x, y = left + 310 * (n % 2), top + height + 42 + 18 * (n // 2)
        out.append(line(x, y - 4, x + 22, y - 4, COLOURS[name], 3))
        out.append(words(x + 28, y, systems.KINDS[name].label))
    out.append(words(left + 310, top + height + 78, "drawn through: press at QoS 1; dashed: QoS 0"))
    write(file, out)


def bars(rows, file):
    """What each takes, on log scales: shorter is better."""
    figures = Figures(rows)
    if not figures.systems:
        return
    panels = [
        ("press to alert, QoS 1, p50", "ms", lambda name: figures.press(name, 1, 0.5)),
        ("press to alert, QoS 1, p99", "ms", lambda name: figures.press(name, 1, 0.99)),
        ("press to alert, QoS 0, p50", "ms", lambda name: figures.press(name, 0, 0.5)),
        ("memory, idle", "MiB", lambda name: figures.row(name, "idle")["rss_mib"]),
        ("start to first alert", "s", lambda name: figures.row(name, "start")["median"]),
    ]
    step, names = 18, figures.systems
    tall = 30 + step * len(names)
    out = head(720, 50 + tall * len(panels), "Beside each other, one run on one machine; log scale, shorter is better" + trial(rows))
    for nth, (title, unit, value_of) in enumerate(panels):
        y = 46 + tall * nth
        values = {name: value_of(name) for name in names}
        low, high = decades(values.values())
        out.append(words(20, y + 8, f"{title} ({unit})", weight="bold"))
        for row, name in enumerate(names):
            at, value = y + 16 + step * row, values[name]
            long = max(2.0, 300 * (math.log10(value) - low) / (high - low)) if math.isfinite(value) else 0
            out.append(words(270, at + 11, systems.KINDS[name].label, "end"))
            out.append(f'<rect x="278" y="{at}" width="{long:.1f}" height="{step - 4}" fill="{COLOURS[name]}"/>')
            out.append(words(284 + long, at + 11, f"{value:.3g} {unit}"))
    write(file, out)


def trial(rows):
    """A picture must not say more than its run."""
    return " (a trial: no figures to quote)" if any(row.get("quick") for row in rows) else ""


def decades(values):
    """The powers of ten around all of them."""
    values = [value for value in values if math.isfinite(value) and value > 0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def head(width, height, title):
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>", f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        words(20, 24, title, weight="bold", size=14),
    ]


def words(x, y, text, anchor="start", weight="normal", size=12):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" {FONT} font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="#222222">{escape(text)}</text>'
    )


def line(x1, y1, x2, y2, colour, width=1):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def plain(number):
    return f"{number:g}"


def write(file, out):
    file.write_text("\n".join([*out, "</svg>", ""]))
