"""Style of the page of a look: light and dark as the reader's system has it, and no colour that alone says something."""

from __future__ import annotations

from typing import Final

STYLE: Final = """\
:root {
  color-scheme: light dark;
  --back: #f6f7f9; --card: #ffffff; --line: #d9dee5; --text: #1b2430; --faint: #5a6675;
  --healthy: #1a7f45; --late: #9a5b00; --lost: #b3261e; --tint: 12%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #12161c; --card: #1b2129; --line: #313a46; --text: #e4e9f0; --faint: #9aa6b5;
    --healthy: #55c98a; --late: #e9b04a; --lost: #ff8a80; --tint: 20%;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
header { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1rem; margin-bottom: 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .6rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0; }
.faint, footer { color: var(--faint); }
footer { margin-top: 2rem; font-size: .85rem; }
.badge {
  display: inline-block; padding: .05rem .6rem; border-radius: 1rem; font-size: .85rem; font-weight: 600; white-space: nowrap;
  color: var(--own); border: 1px solid var(--own); background: color-mix(in srgb, var(--own) var(--tint), transparent);
}
.healthy { --own: var(--healthy); }
.late { --own: var(--late); }
.lost, .silent { --own: var(--lost); }
.hops { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1.6rem; list-style: none; margin: 0; padding: 0; }
.hops > li {
  position: relative; padding: .8rem 1rem;
  background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--own); border-radius: .5rem;
}
/* schemas stand beside the way of a row, not at its end */
.hops > li + li:not(:last-child)::before {
  content: "\\2192"; position: absolute; left: -1.35rem; top: 1.1rem; font-size: 1.2rem; color: var(--faint);
}
.hop { display: flex; flex-direction: column; align-items: flex-start; gap: .3rem; }
.figure { font-size: 1.6rem; font-weight: 600; margin-top: .5rem; font-variant-numeric: tabular-nums; }
meter { width: 100%; height: .7rem; margin: .3rem 0; }
.hop-lines { margin: .6rem 0 0; padding: .5rem 0 0; border-top: 1px solid var(--line); list-style: none; font-size: .85rem; }
.hop-lines li { overflow-wrap: anywhere; margin-bottom: .3rem; }
.concerns { list-style: none; margin: 0; padding: 0; }
.concerns li {
  padding: .6rem 1rem; margin-bottom: .5rem;
  background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--own); border-radius: .5rem;
}
code { font: .85rem/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); font-size: .9rem; }
th, td {
  padding: .35rem .8rem; border-bottom: 1px solid var(--line);
  text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;
}
th { color: var(--faint); font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
@media (max-width: 60rem) {
  .hops { grid-template-columns: 1fr; }
  .hops > li + li:not(:last-child)::before { content: "\\2193"; left: 1rem; top: -1.6rem; }
}
"""
