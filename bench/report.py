"""From the results of runs (build/bench/results-N.jsonl) to a Markdown table with ratios and charts of cost against N."""
from __future__ import annotations

import argparse
import html
import json
import math
import re
from pathlib import Path

SYSTEMS = ("Curfew engine", "Curfew HTTP", "PostgreSQL", "SQLite", "Redis")
PEERS = SYSTEMS[2:]
QUESTIONS = {
    "Q1": "all by last access", "Q2": "offline, rarest client", "Q3": "username part", "Q4": "offset N/2", "Q5": "one user",
    "Q6": "in a /16", "Q6b": "one user, not in a /16", "Q7": "regular by username", "Q1 after the touches": "all by last access",
}


def read(folder: Path) -> dict[int, list[dict]]:
    """The rows by number of sessions."""
    runs: dict[int, list[dict]] = {}
    for path in sorted(folder.glob("results-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            runs.setdefault(row["sessions"], []).append(row)
    return dict(sorted(runs.items()))


def find(rows: list[dict], measure: str, system: str, field: str = "value"):
    for row in rows:
        if row.get("measure") == measure and row.get("system") == system and field in row:
            return row[field]
    return None


def short(number: float | None) -> str:
    """Three digits, thousands apart."""
    if number is None:
        return "–"
    if number == 0:
        return "0"
    digits = max(0, 2 - int(math.floor(math.log10(abs(number)))))
    return f"{number:,.{digits}f}"


def ratio(better: float | None, worse: float | None) -> str:
    return f"{short(worse / better)}×" if better and worse else "–"


def question_table(rows: list[dict]) -> list[str]:
    out = ["| p50 / p99, ms | " + " | ".join(SYSTEMS) + " | best peer ÷ engine | PostgreSQL ÷ HTTP |", "|---" * (len(SYSTEMS) + 3) + "|"]
    for name, what in QUESTIONS.items():
        cells, p50 = [], {}
        for system in SYSTEMS:
            p50[system], p99 = find(rows, name, system, "p50_us"), find(rows, name, system, "p99_us")
            cells.append("–" if p50[system] is None else f"{short(p50[system] / 1000)} / {short(p99 / 1000)}")
        best = min((p50[s] for s in PEERS if p50[s] is not None), default=None)
        out.append(f"| {name} {what if name in ('Q6b',) or len(name) == 2 else ''} | " + " | ".join(cells) +
                   f" | {ratio(p50['Curfew engine'], best)} | {ratio(p50['Curfew HTTP'], p50['PostgreSQL'])} |")
    for suffix, what in (("first of a turn", "The engine's first asking of a turn, after the other systems' turns"),
                         ("cold", "The engine after 64 MiB of other memory were written before each asking")):
        took = [(name, *(find(rows, f"{name}, {suffix}", "Curfew engine", field) for field in ("p50_us", "p99_us", "n")))
                for name in QUESTIONS if len(name) < 4]
        told = [f"{name} {short(p50 / 1000)} / {short(p99 / 1000)}" for name, p50, p99, _ in took if p50 is not None]
        if told:
            askings = min(n for _, p50, _, n in took if p50 is not None)
            out += ["", f"{what}, {askings} of each, p50 / p99, ms: " + ", ".join(told) + "."]
    ping = find(rows, "ping", "Curfew HTTP", "p50_us")
    if ping:
        out += ["", f"`/livez` on the same connection, in the same rounds: p50 {short(ping / 1000)} ms."]
    return out


def write_table(rows: list[dict]) -> list[str]:
    out = ["| | " + " | ".join(SYSTEMS) + " |", "|---" * (len(SYSTEMS) + 1) + "|"]
    chosen = next((r["measure"] for r in rows if r.get("measure", "").startswith("W3 end")), "W3 end 10000 chosen")
    for label, measure, field, scale in (
            ("W1 touches in batches of 1,000, a second", "W1 touches in batches of 1000", "value", 1),
            ("W1 one touch, p50, ms", "W1 a single touch", "p50_us", 1e-3),
            ("W2 durable starts, 16 writers, a second", "W2 durable starts, 16 writers", "value", 1),
            ("W2 one start, p99, ms", "W2 a durable start", "p99_us", 1e-3),
            (f"W3 {chosen[3:]}, median of three, s", chosen, "value", 1),
            ("W3 reads meanwhile, p99, ms", "W3 reads meanwhile", "p99_us", 1e-3),
            ("W4 end a realm, s", "W4 end a realm", "value", 1),
            ("W4 sessions in it", "W4 ended", "value", 1),
            ("W4 reads meanwhile, p99, ms", "W4 reads meanwhile", "p99_us", 1e-3),
            ("Memory, bytes a session", "memory", "value", 1),
            ("Disk, bytes a session", "disk", "value", 1),
            ("Loading, s", "load", "value", 1)):
        values = [find(rows, measure, system, field) for system in SYSTEMS]
        if any(value is not None for value in values):
            out.append(f"| {label} | " + " | ".join(short(None if v is None else v * scale) for v in values) + " |")
    return out


def http_table(rows: list[dict]) -> list[str]:
    loads = [r for r in rows if r.get("measure", "").startswith("http ")]
    if not loads:
        return []
    out = ["| | connections | a second | of nginx | p50, ms | p99, ms | resident, MB |", "|---|---|---|---|---|---|---|"]
    for row in loads:
        name = row["measure"][5:]
        base = None
        if not name.startswith("nginx"):
            other = "http nginx page" if name == "list" else "http nginx 204"
            base = next((r["rate"] for r in loads if r["measure"] == other and r["connections"] == row["connections"]), None)
        of = f"{row['rate'] / base:.0%}" if base and not name.startswith("ingest") else ""
        memory = row["resident_mb"] if row["system"] == "Curfew HTTP" else ""
        out.append(f"| {name} | {row['connections']} | {row['rate']:,} | {of} | {short(row['p50_us'] / 1000)} | {short(row['p99_us'] / 1000)} | "
                   f"{memory} |")
    return out


def other_lines(rows: list[dict]) -> list[str]:
    out = []
    for row in rows:
        measure = row.get("measure", "")
        if measure == "live stream":
            out.append(f"- Live stream, {row['subscribers']:,} subscribers, {row['rate']:,} changes a second asked, {row.get('encoding', 'plain')}, {row['sent']:,} sent: "
                       f"{row['events_each']:,} events to each, lag p50 {row['lag_p50_ms']} ms, p99 {row['lag_p99_ms']} ms, "
                       f"{row['resets']} resets, {row['dropped']} dropped, {row['mb_received']:,} MB received, the server grew by {row['grown_mb']} MB.")
        elif measure.startswith("overload"):
            shown = {k: v for k, v in row.items() if k not in ("measure", "system", "sessions")}
            out.append(f"- {measure.capitalize()}: " + ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in shown.items()) + ".")
        elif measure == "start":
            out.append(f"- Start with {row['loaded']:,} sessions, from the {row['from']}: {row['value']} s to the first answer, {row['load_ms'] / 1000:.1f} s of it loading.")
        elif measure == "left out":
            out.append(f"- Left out here: {row['why']}")
        elif measure == "resident after a start":
            out.append(f"- Resident after a start from the {row.get('from', 'image')}: {row['value']} bytes a session, everything included.")
    return out


LIMITS = (("memory read", "memory read at {} GB/s"), ("random access", "at random {} ns"), ("first touch", "touched for the first time {} s a GB"),
          ("durable write", "a small durable write {} ms"), ("round trip", "a round trip on the loopback {} µs"))


def limit_lines(rows: list[dict]) -> list[str]:
    """What the machine itself took, by the time of measuring."""
    out = []
    for when in dict.fromkeys(r["when"] for r in rows if r.get("measure", "").startswith("limit ")):
        told = {r["measure"][6:]: short(r["value"]) for r in rows if r.get("when") == when}
        out.append(f"The machine {when}: " + ", ".join(text.format(told[name]) for name, text in LIMITS if name in told) + ".")
    return [line for line in out for line in (line, "")][:-1]


def markdown(runs: dict[int, list[dict]]) -> str:
    out = []
    for sessions, rows in runs.items():
        run = next((r for r in rows if r.get("measure") == "run"), {})
        end = next((r for r in rows if r.get("measure") == "run ended"), {})
        compared = sum(int(r["value"]) for r in rows if r.get("measure", "").startswith("answers compared"))
        out += [f"### {sessions:,} sessions", "",
                f"{run.get('at', '')}, {run.get('cores', '?')} cores, load average {run.get('load_before', '?')} before and "
                f"{end.get('load_after', '?')} after; {compared:,} answers compared and equal.", ""]
        for part in (limit_lines(rows), question_table(rows), write_table(rows), http_table(rows), other_lines(rows)):
            if part:
                out += part + [""]
    return "\n".join(out)


STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #334155 } .title { font-weight: 600; fill: #0f172a } .small { font-size: 10px }
  .grid { stroke: #e2e8f0 } .frame { stroke: #94a3b8; fill: none } .line { fill: none; stroke-width: 2 }
  .s0 { stroke: #0d9488; fill: #0d9488 } .s1 { stroke: #2563eb; fill: #2563eb } .s2 { stroke: #9333ea; fill: #9333ea }
  .s3 { stroke: #d97706; fill: #d97706 } .s4 { stroke: #dc2626; fill: #dc2626 }
  @media (prefers-color-scheme: dark) {
    text { fill: #cbd5e1 } .title { fill: #f1f5f9 } .grid { stroke: #334155 } .frame { stroke: #64748b }
    .s0 { stroke: #2dd4bf; fill: #2dd4bf } .s1 { stroke: #60a5fa; fill: #60a5fa } .s2 { stroke: #c084fc; fill: #c084fc }
    .s3 { stroke: #fbbf24; fill: #fbbf24 } .s4 { stroke: #f87171; fill: #f87171 }
  }
"""


def tick(value: float) -> str:
    for size, name in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{name}"
    return f"{value:g}"


def panel(x: int, y: int, title: str, lines: dict[str, list[tuple[float, float]]], sizes: list[int]) -> list[str]:
    """Both axes logarithmic: cost against N."""
    width, height = 230, 170
    values = [v for points in lines.values() for _, v in points if v > 0]
    if not values:
        return []
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 1e-9)
    high = max(high, low + 1)
    left, right = math.log10(min(sizes)) - 0.15, math.log10(max(sizes)) + 0.15
    across = lambda n: x + (math.log10(n) - left) / (right - left) * width  # noqa: E731
    up = lambda v: y + height - (math.log10(v) - low) / (high - low) * height  # noqa: E731
    out = [f'<text class="title" x="{x}" y="{y - 8}">{html.escape(title)}</text>']
    for power in range(low, high + 1):
        out.append(f'<line class="grid" x1="{x}" x2="{x + width}" y1="{up(10**power):.1f}" y2="{up(10**power):.1f}"/>')
        out.append(f'<text class="small" x="{x - 5}" y="{up(10**power) + 3:.1f}" text-anchor="end">{tick(10.0**power)}</text>')
    for size in sizes:
        out.append(f'<text class="small" x="{across(size):.1f}" y="{y + height + 14}" text-anchor="middle">{tick(size)}</text>')
    out.append(f'<rect class="frame" x="{x}" y="{y}" width="{width}" height="{height}"/>')
    for system, points in lines.items():
        style = f"s{SYSTEMS.index(system)}"
        points = [(n, v) for n, v in points if v > 0]
        if len(points) > 1:
            path = " ".join(f"{across(n):.1f},{up(v):.1f}" for n, v in points)
            out.append(f'<polyline class="line {style}" style="fill:none" points="{path}"/>')
        out += [f'<circle class="{style}" cx="{across(n):.1f}" cy="{up(v):.1f}" r="3"/>' for n, v in points]
    return out


def chart(title: str, panels: list[tuple[str, dict]], sizes: list[int]) -> str:
    columns = 4
    rows = (len(panels) + columns - 1) // columns
    width, height = 40 + columns * 285, 80 + rows * 235
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">', f"<title>{html.escape(title)}</title>",
           f"<style>{STYLE}</style>", f'<text class="title" x="20" y="24">{html.escape(title)}</text>']
    for i, system in enumerate(SYSTEMS):
        out.append(f'<circle class="s{i}" cx="{30 + i * 130}" cy="44" r="5"/><text x="{40 + i * 130}" y="48">{system}</text>')
    for i, (name, lines) in enumerate(panels):
        out += panel(55 + i % columns * 285, 95 + i // columns * 235, name, lines, sizes)
    return "\n".join(out) + "\n</svg>\n"


def lines_of(runs: dict[int, list[dict]], measure: str, field: str, scale: float = 1) -> dict[str, list[tuple[float, float]]]:
    lines: dict[str, list[tuple[float, float]]] = {}
    for sessions, rows in runs.items():
        for system in SYSTEMS:
            value = find(rows, measure, system, field)
            if value is not None:
                lines.setdefault(system, []).append((sessions, value * scale))
    return lines


def charts(runs: dict[int, list[dict]]) -> dict[str, str]:
    sizes = list(runs)
    questions = [(f"{name} {what}", lines_of(runs, name, "p50_us", 1e-3)) for name, what in QUESTIONS.items() if " " not in name]
    writes = [("W1 touches a second, batches", lines_of(runs, "W1 touches in batches of 1000", "value")),
              ("W2 durable starts a second", lines_of(runs, "W2 durable starts, 16 writers", "value")),
              ("W4 end a realm, s", lines_of(runs, "W4 end a realm", "value")),
              ("Memory, bytes a session", lines_of(runs, "memory", "value"))]
    return {"benchmark-questions.svg": chart("A page of 25 and the exact total: p50 in ms, by number of sessions", questions, sizes),
            "benchmark-writes.svg": chart("Writes and memory, by number of sessions", writes, sizes)}


def write(results: Path, output: Path) -> None:
    runs = read(results)
    output.mkdir(parents=True, exist_ok=True)
    (output / "results.md").write_text(markdown(runs), encoding="utf-8")
    for name, text in charts(runs).items():
        (output / name).write_text(text, encoding="utf-8")


BEGIN, END = "<!-- bench/report.py writes from here -->", "<!-- to here -->"


def write_document(results: Path, document: Path) -> None:
    """Puts the tables between the document's two marks, and the charts into the folder `pictures` beside it."""
    runs = read(results)
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    pictures = document.parent / "pictures"
    pictures.mkdir(exist_ok=True)
    shown = []
    for name, chart_text in charts(runs).items():
        (pictures / name).write_text(chart_text, encoding="utf-8")
        shown.append(f"![{re.search('<title>(.*)</title>', chart_text).group(1)}](pictures/{name})")
    document.write_text(f"{before}{BEGIN}\n\n{markdown(runs)}\n" + "\n".join(shown) + f"\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("output", type=Path, help="a folder, or a document such as docs/performance.md, whose figures are then replaced")
    arguments = parser.parse_args()
    (write_document if arguments.output.suffix == ".md" else write)(arguments.results, arguments.output)
