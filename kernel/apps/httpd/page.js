"use strict";
// Reads /stats.json once a second and draws it. No library, nothing from anywhere else.

const PERIOD_MS = 1000, POINTS = 120;
const $ = id => document.getElementById(id);
const series = { tx: [], rx: [] };
let last = null, showZeros = false, failures = 0;

function scaled(n, units, step) {
  let i = 0;
  while (n >= step && i < units.length - 1) { n /= step; i++; }
  return (n >= 100 || i === 0 ? Math.round(n) : n.toFixed(n >= 10 ? 1 : 2)) + " " + units[i];
}
const bytes = n => scaled(n, ["B", "KiB", "MiB", "GiB", "TiB"], 1024);
const rate = n => scaled(n * 8, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"], 1000);
const count = n => n.toLocaleString("en");
const millis = us => us >= 1e6 ? (us / 1e6).toFixed(2) + " s" : us >= 1e4 ? (us / 1e3).toFixed(1) + " ms" : (us / 1e3).toFixed(2) + " ms";

function duration(ms) {
  const s = Math.floor(ms / 1000), two = n => String(n).padStart(2, "0");
  const clock = two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
  if (s < 3600) return clock;
  const h = Math.floor(s / 3600) % 24, d = Math.floor(s / 86400);
  return (d ? d + " d " : "") + h + ":" + clock;
}

function set(id, text) {
  const e = $(id);
  if (e.textContent !== text) e.textContent = text;
}

function el(tag, cls, text) {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
}

// One line of samples as an area; the scale is the highest sample, at least 10 kbit/s.
function draw(id, points) {
  const top = Math.max(1250, ...points), w = 300, h = 80;
  const x = i => (w - (points.length - 1 - i) * w / (POINTS - 1)).toFixed(1);
  const y = v => (h - 2 - v / top * (h - 6)).toFixed(1);
  const line = points.map((v, i) => (i ? "L" : "M") + x(i) + " " + y(v)).join("");
  const area = points.length ? line + "L" + w + " " + h + "L" + x(0) + " " + h + "Z" : "";
  $(id).innerHTML = '<line x1="0" x2="300" y1="79" y2="79"/><path class="area" d="' + area +
    '"/><path d="' + line + '"/>';
}

function rates(now) {
  for (const [id, name] of [["tx", "bytes sent"], ["rx", "bytes received"]]) {
    const total = now.counters[name] || 0;
    set(id + "-total", bytes(total) + " in all, " + count(now.counters[name.replace("bytes", "frames")] || 0) + " frames");
    if (!last) continue;
    const dt = (now.machine.uptime_ms - last.machine.uptime_ms) / 1000;
    if (dt <= 0) { series[id] = []; continue; }
    series[id].push(Math.max(0, total - (last.counters[name] || 0)) / dt);
    if (series[id].length > POINTS) series[id].shift();
    set(id + "-now", rate(series[id][series[id].length - 1]));
    draw(id, series[id]);
  }
}

function machine(now) {
  const m = now.machine, tcp = now.endpoints.filter(e => e.proto === "tcp");
  const open = tcp.filter(e => e.state === "ESTAB").length;
  const used = m.memory_bytes - m.memory_free_bytes, stack = Math.min(m.stack_bytes || 0, used);
  set("boot", m.boot_us ? millis(m.boot_us) : "–");
  set("uptime", duration(m.uptime_ms));
  set("since", "since " + new Date(Date.now() - m.uptime_ms).toLocaleTimeString());
  set("open", count(open));
  set("accepted", count(now.counters["tcp connections accepted"] || 0) + " accepted so far");
  if (!m.memory_bytes) return;
  const share = n => (100 * n / m.memory_bytes).toFixed(1) + "%";
  set("memory", bytes(used));
  set("memory-parts", "of " + bytes(m.memory_bytes) + "; the stack " + bytes(stack) +
    (m.frames ? "; " + count(m.frames - m.frames_free) + " of " + count(m.frames) + " frames out" : ""));
  const bar = $("memory-bar");
  bar.setAttribute("aria-label", bytes(used) + " of " + bytes(m.memory_bytes) + " in use");
  bar.children[0].style.width = share(used - stack);
  bar.children[1].style.width = share(stack);
}

const kinds = { ESTAB: "estab", LISTEN: "listen", UNCONN: "listen", "SYN-SENT": "opening", "SYN-RECV": "opening" };

function cell(row, text, idle, bad) {
  row.append(el("td", "n" + (bad ? " bad" : idle ? " idle" : ""), text));
}

function row(e) {
  const r = el("tr"), state = el("td"), flow = e.mss !== undefined;
  state.append(el("span", "proto", e.proto), el("span", "chip " + (kinds[e.state] || ""), e.state));
  r.append(state, el("td", "", e.local), el("td", "", e.peer));
  cell(r, count(e.recv_q), !e.recv_q);
  cell(r, count(e.send_q), !e.send_q || e.state === "LISTEN");
  cell(r, flow ? millis(e.rtt_us) : "–", !flow);
  cell(r, flow && e.mss ? String(Math.floor(e.cwnd_bytes / e.mss)) : "–", !flow);
  cell(r, flow ? count(e.retrans) : "–", !e.retrans, e.retrans > 0);
  cell(r, flow ? millis(e.rto_us) : "–", !flow);
  return r;
}

const order = e => (e.state === "LISTEN" || e.state === "UNCONN" ? "0" : e.state === "ESTAB" ? "1" : "2") + e.local + e.peer;

function endpoints(now) {
  const sorted = now.endpoints.slice().sort((a, b) => order(a) < order(b) ? -1 : 1);
  $("rows").replaceChildren(...sorted.map(row));
  $("hidden").hidden = !now.hidden;
  set("hidden", now.hidden ? "and " + count(now.hidden) + " more" : "");
}

function list(id, values, none) {
  const all = Object.entries(values), lively = all.filter(v => v[1] > 0);
  const shown = showZeros ? lively.concat(all.filter(v => v[1] === 0)) : lively;
  const out = [];
  for (const [name, value] of shown)
    out.push(el("dt", value ? "" : "zero", name), el("dd", value ? "" : "zero", count(value)));
  $(id).replaceChildren(...(out.length ? out : [el("dt", "none", none)]));
}

function status(text, cls) {
  set("link", text);
  $("link").className = "link " + cls;
  document.body.classList.toggle("stale", cls === "lost");
}

function show(now) {
  $("live").hidden = false;
  if (last && now.machine.uptime_ms < last.machine.uptime_ms) last = null; // it was started anew
  machine(now);
  rates(now);
  endpoints(now);
  lists(now);
  last = now;
}

function lists(now) {
  list("counters", now.counters, "nothing yet");
  list("drops", now.drops, "none: every frame was processed");
}

async function tick() {
  try {
    const answer = await fetch("/stats.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    show(await answer.json());
    failures = 0;
    status("live", "live");
  } catch (e) {
    if (++failures > 1) status("no answer, trying again", "lost");
  }
  setTimeout(tick, document.hidden ? 4 * PERIOD_MS : PERIOD_MS);
}

$("more").addEventListener("click", () => {
  showZeros = !showZeros;
  $("more").setAttribute("aria-expanded", showZeros);
  set("more", showZeros ? "Hide zeros" : "Show zeros");
  if (last) lists(last);
});
tick();
