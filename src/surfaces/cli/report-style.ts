/** How the page of a report looks: light, dark and on paper. No font, image or script comes from anywhere else. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --ink-soft: #57606a; --line: #d8dde3;
  --good: #1a7f37; --bad: #c02b2b; --accent: #0b5cad;
  --series-1: #2f6fb4; --series-2: #e08a2e; --series-3: #3d9a6a; --series-4: #b8506f; --series-5: #7b62b0; --series-6: #8a7a4a; --series-7: #6b7785;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1d2127; --ink: #e8eaed; --ink-soft: #a4adb8; --line: #363c45;
    --good: #5cc47c; --bad: #f08080; --accent: #7db7f0;
    --series-1: #6aa6e6; --series-2: #f0ad62; --series-3: #6cc497; --series-4: #e08aa5; --series-5: #ab97dc; --series-6: #c4b27c; --series-7: #9aa5b1;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .15rem; }
p { margin: .35rem 0; max-width: 48rem; }
ul { margin: .35rem 0; padding-left: 1.2rem; }
li { margin: .2rem 0; overflow-wrap: anywhere; }
.lead, .note { color: var(--ink-soft); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; margin: .75rem 0; }
.fact { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; }
.fact dt { color: var(--ink-soft); font-size: .85rem; }
.fact .value { margin: 0; font-size: 1.5rem; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums; }
.fact .said { margin: 0; color: var(--ink-soft); font-size: .82rem; line-height: 1.35; }
.fact.good .value { color: var(--good); }
.fact.bad .value { color: var(--bad); }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; vertical-align: top; padding: .32rem .7rem .32rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--ink-soft); font-weight: 600; }
td { overflow-wrap: anywhere; }
td:not(.number, .brief) { min-width: 9rem; }
td.brief { white-space: nowrap; }
th.number, td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; padding-left: .7rem; padding-right: .3rem; }
.query { color: var(--ink-soft); font-size: .78rem; margin: .2rem 0 .75rem; }
.query a { color: inherit; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; display: block; margin-top: .5rem; }
.narrow { display: none; }
details { margin: .4rem 0; }
summary { cursor: pointer; color: var(--accent); font-size: .85rem; }
pre { margin: .2rem 0 1rem; padding: .6rem .8rem; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .76rem; line-height: 1.45; }
footer { margin-top: 3rem; color: var(--ink-soft); font-size: .82rem; }
@media screen and (max-width: 40rem) {
  main { padding: 1.25rem .9rem 3rem; }
  .wide { display: none; }
  .narrow { display: block; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --card: #fff; --ink: #000; --ink-soft: #444; --line: #bbb; --good: #0a5c22; --bad: #9c1616; --accent: #000;
    --series-1: #2f6fb4; --series-2: #e08a2e; --series-3: #3d9a6a; --series-4: #b8506f; --series-5: #7b62b0; --series-6: #8a7a4a; --series-7: #6b7785;
  }
  @page { size: A4; margin: 16mm 14mm; }
  body { font-size: 9.5pt; }
  h1 { font-size: 17pt; }
  h2 { font-size: 12pt; margin-top: 1.4rem; }
  .facts { grid-template-columns: repeat(4, 1fr); gap: .5rem; }
  .fact { padding: .45rem .6rem; }
  .fact .value { font-size: 13pt; }
  table { font-size: 7.5pt; }
  th, td { padding: .2rem .45rem .2rem 0; }
  td:not(.number, .brief) { min-width: 0; }
  pre { font-size: 6.5pt; }
  main { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  figure, .fact, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  details:not([open])::details-content { content-visibility: visible; block-size: auto; }
  summary { color: var(--ink-soft); }
}
`;
