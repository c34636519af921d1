/** The look of the report: by day and by night, from 360 pixels on, and on paper. Contrast is that of WCAG AA. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--box:#f6f8fa;--fail:#b3261e;--warn:#7a4d00;--pass:#1a6b34;--unknown:#0b5c8a;--skip:#57606a}
@media(prefers-color-scheme:dark){:root{--paper:#0f1317;--ink:#e8ecf0;--soft:#a3adb8;--line:#39424c;--box:#1a2027;--fail:#ff8f85;--warn:#f0b955;--pass:#6fd08a;--unknown:#79c4f2;--skip:#a3adb8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.15rem;margin:1.5rem 0 .5rem}h3{font-size:1rem;margin:0 0 .5rem}
p{margin:.4rem 0}
.soft{color:var(--soft)}
.fail{color:var(--fail)}.warn{color:var(--warn)}.pass{color:var(--pass)}.unknown{color:var(--unknown)}.skip{color:var(--skip)}
.verdict{border:2px solid currentColor;border-radius:.5rem;padding:.75rem 1rem;font-weight:600;font-size:1.1rem}
.chain{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;padding:0;margin:.5rem 0}
.chain li{position:relative;border:1px solid currentColor;border-radius:.4rem;padding:.3rem .6rem;background:var(--box)}
.chain li+li::before{content:"";position:absolute;left:-1.45rem;top:50%;width:1.3rem;border-top:2px solid var(--soft)}
.chain li.broken{border-width:2px;border-style:dashed;font-weight:600}
.chain li.broken::before{border-top-style:dotted;border-top-color:currentColor}
article{border:1px solid var(--line);border-left:.3rem solid currentColor;border-radius:.3rem;margin:1rem 0}
article>div{color:var(--ink);padding:.75rem 1rem}
pre{background:var(--box);border:1px solid var(--line);border-radius:.3rem;padding:.5rem .75rem;margin:.4rem 0;overflow-x:auto;font:.875rem/1.4 ui-monospace,monospace;white-space:pre-wrap}
code{font:.9em ui-monospace,monospace}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .5rem .25rem 0;border-bottom:1px solid var(--line);font-weight:400}th{color:var(--soft)}
ol,ul{padding-left:1.3rem;margin:.4rem 0}
details{border-top:1px solid var(--line);padding:.5rem 0}summary{cursor:pointer;font-weight:600}
summary:focus-visible{outline:3px solid var(--unknown);outline-offset:2px}
@media print{body{max-width:none;font-size:11pt}article{break-inside:avoid}details>*{display:block}}
`;
