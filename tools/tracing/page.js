// SPDX-License-Identifier: BSD-3-Clause
// Draws the trace in #data (tools/tracing/page.py writes it). Nothing is loaded from anywhere.
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const ROWS = {marks: 16, bars: 36, queue: 16, gap: 10, ruler: 20};
const KINDS = ["scene", "switch", "schedule", "ipi", "token", "sleep", "migrate", "syscall", "interrupt", "other"];
const KIND_OF = {
    scene: "scene",
    switch: "switch", preempt: "switch", schedule: "schedule", ipi_send: "ipi", ipi_recv: "ipi",
    token_get: "token", token_rel: "token", token_wait: "token", sleep: "sleep", wakeup: "sleep",
    migrate_in: "migrate", migrate_out: "migrate", syscall: "syscall", sysret: "syscall", tick: "interrupt",
    intr: "interrupt",
};
const UNITS = {
    "microseconds": {per: DATA.ticks_per_us, short: "\u00b5s"},
    "instructions": {per: DATA.instructions_per_tick ? 1 / DATA.instructions_per_tick : 0, short: ""},
};

const state = {
    unit: "microseconds", kinds: new Set(KINDS), cpus: null, search: "", chosen: null, thread: null,
};
let runs = [];

function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else if (value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* A time, or a length of time, in the chosen unit. */
function words(ticks, digits = 1) {
    const unit = UNITS[state.unit];
    const n = ticks / unit.per;
    const text = state.unit === "instructions" ? Math.round(n).toLocaleString("en") :
        n.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits});
    return unit.short ? `${text} ${unit.short}` : text;
}

/* One trace: its data unpacked, its canvas, and the part of it that is in view. */
class Run {
    constructor(data, number) {
        Object.assign(this, {number}, data);
        this.events = data.events.map(([t, cpu, td, kind, text, place, cause, pri, wrong], i) => ({
            i, t, cpu, td, kind, text: data.strings[text], place: data.strings[place], cause, pri, wrong,
            run: this, effects: [],
        }));
        for (const e of this.events) if (e.cause >= 0) this.events[e.cause].effects.push(e.i);
        this.byCpu = new Map(this.cpus.map((cpu) => [cpu, this.events.filter((e) => e.cpu === cpu)]));
        this.start = this.events.length ? this.events[0].t : 0;
        this.end = Math.max(data.end, this.start + 1);
        this.from = this.start;
        this.to = this.end;
        this.scene = this.events.filter((e) => e.kind === "scene");
        this.scene_row = this.scene.length ? 16 : 0;
        this.hue = new Map();
        Object.keys(this.threads).forEach((td, i) => this.hue.set(Number(td), (i * 137.508 + 200) % 360));
        this.mini = make("canvas", {class: "mini", "aria-hidden": "true"});
        this.canvas = make("canvas", {
            class: "lanes", tabindex: "0", role: "application", "aria-roledescription": "timeline",
            "aria-label": `Timeline of ${this.name}. Arrow keys go from event to event; the tables below say the same.`,
        });
        this.listen();
    }

    name_of(td) { return this.threads[td] ? this.threads[td].name : `thread ${td}`; }
    idle(td) { return this.threads[td] && this.threads[td].idle; }

    colour(td) {
        if (this.idle(td)) return css("--idle");
        return `hsl(${this.hue.get(td) || 0} 62% ${css("--light")})`;
    }

    shown_cpus() { return this.cpus.filter((cpu) => state.cpus.has(cpu)); }

    gutter() { return 46; }
    x_of(t) { return this.gutter() + (t - this.from) / (this.to - this.from) * (this.width - this.gutter()); }
    t_of(x) { return this.from + (x - this.gutter()) / (this.width - this.gutter()) * (this.to - this.from); }

    lane_height() { return this.scene_row + ROWS.marks + ROWS.bars + ROWS.queue + ROWS.gap; }
    lane_top(index) { return ROWS.ruler + index * this.lane_height(); }

    visible(e) {
        return state.kinds.has(KIND_OF[e.kind] || "other") && (state.thread === null || e.td === state.thread);
    }

    matches(e) {
        const q = state.search.toLowerCase();
        return q !== "" && this.visible(e) &&
            `${this.name_of(e.td)} ${e.kind} ${e.text} ${e.place}`.toLowerCase().includes(q);
    }

    /* Show the times from `from` to `to`, or as much of that as there is. */
    look(from, to) {
        const whole = this.end - this.start, length = Math.min(Math.max(to - from, 5), whole);
        this.from = Math.min(Math.max(from, this.start), this.end - length);
        this.to = this.from + length;
        draw_soon();
    }

    zoom(factor, x) {
        const at = x === undefined ? (this.from + this.to) / 2 : this.t_of(x);
        this.look(at - (at - this.from) * factor, at + (this.to - at) * factor);
    }

    pan(part) {
        const by = (this.to - this.from) * part;
        this.look(this.from + by, this.to + by);
    }

    show(e) {
        if (e.t < this.from || e.t > this.to) {
            const half = (this.to - this.from) / 2;
            this.look(e.t - half, e.t + half);
        }
    }

    canvas_2d(canvas, height) {
        const ratio = window.devicePixelRatio || 1;
        this.width = Math.max(canvas.clientWidth, 200);
        canvas.width = Math.round(this.width * ratio);
        canvas.height = Math.round(height * ratio);
        canvas.style.height = `${height}px`;
        const c = canvas.getContext("2d");
        c.setTransform(ratio, 0, 0, ratio, 0, 0);
        c.fillStyle = css("--back");
        c.fillRect(0, 0, this.width, height);
        c.font = "11px system-ui, sans-serif";
        c.textBaseline = "middle";
        return c;
    }

    draw() {
        const cpus = this.shown_cpus();
        const c = this.canvas_2d(this.canvas, this.lane_top(cpus.length));
        this.draw_ruler(c, this.lane_top(cpus.length));
        this.tops = new Map(cpus.map((cpu, i) => [cpu, this.lane_top(i) + this.scene_row]));
        for (const cpu of cpus) this.draw_lane(c, cpu);
        c.save();
        c.beginPath();
        c.rect(this.gutter(), 0, this.width, this.lane_top(cpus.length));
        c.clip();
        this.bars_in_view().forEach((bar) => this.draw_bar(c, bar));
        cpus.forEach((cpu) => this.draw_queue(c, cpu));
        this.waits.forEach((bar) => this.draw_wait(c, bar));
        this.draw_events(c);
        c.restore();
        this.draw_mini();
    }

    /* The first index in list whose time is not below t; list is sorted by time. */
    static lower(list, t) {
        let low = 0, high = list.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (list[middle].t < t) low = middle + 1; else high = middle;
        }
        return low;
    }

    bars_in_view() { return this.bars.filter((bar) => bar[3] >= this.from && bar[2] <= this.to); }

    events_in_view() {
        return this.events.slice(Run.lower(this.events, this.from), Run.lower(this.events, this.to + 1));
    }

    draw_ruler(c, height) {
        const unit = UNITS[state.unit], target = (this.to - this.from) / Math.max(2, this.width / 130) / unit.per;
        const power = 10 ** Math.floor(Math.log10(target));
        const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= target) * unit.per;
        c.fillStyle = css("--dim");
        c.strokeStyle = css("--line");
        c.textAlign = "center";
        for (let t = this.start + Math.ceil((this.from - this.start) / step) * step; t <= this.to; t += step) {
            const x = Math.round(this.x_of(t)) + 0.5;
            c.beginPath();
            c.moveTo(x, ROWS.ruler - 4);
            c.lineTo(x, height);
            c.stroke();
            c.fillText(words(t - this.start, step < unit.per ? Math.ceil(-Math.log10(step / unit.per)) : 0),
                       Math.min(x, this.width - 28), 8);
        }
    }

    draw_lane(c, cpu) {
        const top = this.tops.get(cpu);
        c.fillStyle = css("--lane");
        c.globalAlpha = 0.6;
        c.fillRect(0, top - this.scene_row, this.width, this.lane_height() - ROWS.gap);
        c.globalAlpha = 1;
        c.fillStyle = css("--text");
        c.textAlign = "left";
        c.fillText(`cpu ${cpu}`, 4, top + ROWS.marks + ROWS.bars / 2);
    }

    /* The height says the priority: idle 0, user 6 to 10, kernel to 28, interrupt threads above. */
    bar_box([cpu, td, start, end, pri]) {
        const full = ROWS.bars - 2, top = this.tops.get(cpu) + ROWS.marks;
        const part = pri < 0 ? 0.8 : this.idle(td) ? 0.25 : 0.4 + 0.6 * Math.min(pri, 31) / 31;
        const x = this.x_of(start);
        return {x, y: top + full * (1 - part) + 1, w: Math.max(this.x_of(end) - x, 0.7), h: full * part};
    }

    draw_bar(c, bar) {
        if (!this.tops.has(bar[0])) return;
        const {x, y, w, h} = this.bar_box(bar), td = bar[1];
        c.globalAlpha = state.thread !== null && state.thread !== td ? 0.25 : 1;
        c.fillStyle = this.colour(td);
        c.fillRect(x, y, w, h);
        const left = Math.max(x, this.gutter()), room = Math.min(x + w, this.width) - left - 6;
        if (room > 24 && !this.idle(td)) {
            c.fillStyle = css("--on-bar");
            c.textAlign = "left";
            let text = this.name_of(td) + (bar[4] >= 0 ? ` (${bar[4]})` : "");
            if (c.measureText(text).width > room) text = this.name_of(td);
            while (text && c.measureText(text).width > room) text = text.slice(0, -1);
            c.fillText(text, left + 3, y + h / 2 + 0.5);
        }
        c.globalAlpha = 1;
    }

    draw_queue(c, cpu) {
        const steps = this.queue[cpu] || [], base = this.tops.get(cpu) + ROWS.marks + ROWS.bars + ROWS.queue;
        const most = Math.max(1, ...steps.map((s) => s[1]));
        c.fillStyle = css("--queue");
        steps.forEach(([t, n], i) => {
            const until = i + 1 < steps.length ? steps[i + 1][0] : this.end;
            if (n === 0 || until < this.from || t > this.to) return;
            const h = (ROWS.queue - 4) * n / most, x = this.x_of(t), w = this.x_of(until) - x;
            c.globalAlpha = 0.45;
            c.fillRect(x, base - h, Math.max(w, 0.7), h);
            c.globalAlpha = 1;
            if (w > 14) {
                c.textAlign = "left";
                c.fillText(String(n), Math.max(x, this.gutter()) + 2, base - 6);
            }
        });
    }

    draw_wait(c, [cpu, , start, end]) {
        if (!this.tops.has(cpu)) return;
        const top = this.tops.get(cpu) + ROWS.marks + ROWS.bars;
        c.fillStyle = css("--wait");
        c.fillRect(this.x_of(start), top, Math.max(this.x_of(end) - this.x_of(start), 1.5), 4);
    }

    draw_events(c) {
        const shown = this.events_in_view();
        const crowded = shown.length > this.width;
        for (const e of shown) {
            if (!this.tops.has(e.cpu) || !this.visible(e)) continue;
            const found = this.matches(e);
            c.globalAlpha = state.search && !found ? 0.15 : 1;
            this.draw_mark(c, e, found);
            if (e.cause >= 0 && (!crowded || found || e === state.chosen)) this.draw_arrow(c, this.events[e.cause], e);
            c.globalAlpha = 1;
        }
        if (state.chosen && state.chosen.run === this) this.draw_chosen(c, state.chosen);
    }

    /* An event of a grader's scene: a diamond, and what it says if the next event leaves room. */
    draw_scene(c, e, x, top) {
        top -= this.scene_row;
        c.fillStyle = e.wrong ? css("--wait") : this.matches(e) ? css("--pick") : css("--text");
        c.beginPath();
        for (const [dx, dy] of [[0, 0], [4, 5], [0, 10], [-4, 5]]) c.lineTo(x + dx, top + 2 + dy);
        c.fill();
        const text = e.text.split(" (")[0], next = this.scene.find((other) => other.cpu === e.cpu && other.i > e.i);
        if (next && this.x_of(next.t) - x < 14 + c.measureText(text).width) return;
        c.textAlign = "left";
        c.fillText(text, x + 6, top + 8);
    }

    draw_mark(c, e, found) {
        const x = this.x_of(e.t), top = this.tops.get(e.cpu), kind = KIND_OF[e.kind] || "other";
        c.fillStyle = found ? css("--pick") : kind === "ipi" ? css("--ipi") : kind === "token" ? css("--wait") :
            css("--mark");
        if (e.wrong) {
            c.fillStyle = css("--wait");
            c.fillRect(x - 1, top, 2, ROWS.marks + ROWS.bars);
            this.draw_scene(c, e, x, top);
        } else if (kind === "scene") {
            this.draw_scene(c, e, x, top);
        } else if (kind === "interrupt") {
            c.beginPath();
            c.moveTo(x - 4, top + 1);
            c.lineTo(x + 4, top + 1);
            c.lineTo(x, top + 11);
            c.fill();
        } else if (e.kind === "ipi_recv") {
            const next = this.byCpu.get(e.cpu).find((other) => other.i > e.i);
            const end = Math.min(next ? next.t : e.t + 20, e.t + 20);
            c.fillRect(x, top + 3, Math.max(this.x_of(end) - x, 2.5), 8);
        } else {
            c.fillRect(x - (found ? 1.5 : 0.5), top + 4, found ? 3 : 1, ROWS.marks - 4);
        }
    }

    draw_arrow(c, from, to) {
        if (!this.tops.has(from.cpu)) return;
        if (from.cpu === to.cpu && !(to.kind === "switch")) return;
        const y = (e) => this.tops.get(e.cpu) + ROWS.marks + (e.kind === "switch" ? ROWS.bars * 0.7 : -4);
        const x1 = this.x_of(from.t), x2 = this.x_of(to.t), y1 = y(from), y2 = y(to);
        c.strokeStyle = c.fillStyle = to.kind === "ipi_recv" ? css("--ipi") : css("--arrow");
        c.lineWidth = 1.2;
        c.beginPath();
        c.moveTo(x1, y1);
        const bend = Math.min(30, Math.max(6, (x2 - x1) / 2));
        c.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
        c.stroke();
        c.beginPath();
        c.moveTo(x2 + 1, y2);
        c.lineTo(x2 - 5, y2 - 3);
        c.lineTo(x2 - 5, y2 + 3);
        c.fill();
        c.lineWidth = 1;
    }

    draw_chosen(c, e) {
        if (!this.tops.has(e.cpu)) return;
        const x = this.x_of(e.t), top = this.tops.get(e.cpu);
        c.strokeStyle = css("--pick");
        c.lineWidth = 2;
        c.strokeRect(x - 4, top - 1, 8, ROWS.marks + ROWS.bars + 2);
        c.lineWidth = 1;
    }

    draw_mini() {
        const c = this.canvas_2d(this.mini, 12 + 5 * this.cpus.length), x = (t) => (t - this.start) /
            (this.end - this.start) * this.width;
        this.cpus.forEach((cpu, i) => {
            for (const [on, td, start, end] of this.bars) {
                if (on !== cpu || this.idle(td)) continue;
                c.fillStyle = this.colour(td);
                c.fillRect(x(start), 6 + 5 * i, Math.max(x(end) - x(start), 0.5), 4);
            }
        });
        c.strokeStyle = css("--pick");
        c.lineWidth = 2;
        c.strokeRect(x(this.from) + 1, 1, Math.max(x(this.to) - x(this.from) - 2, 3), 10 + 5 * this.cpus.length);
    }

    /* The event at a point of the canvas: the nearest mark of that hart, else the beginning of the bar. */
    event_at(px, py) {
        const cpu = this.shown_cpus().find((id) => py >= this.tops.get(id) - this.scene_row - 4 &&
                                                   py < this.tops.get(id) - this.scene_row + this.lane_height() - 4);
        if (cpu === undefined) return null;
        const near = this.byCpu.get(cpu).filter((e) => this.visible(e) && Math.abs(this.x_of(e.t) - px) < 7)
            .sort((a, b) => Math.abs(this.x_of(a.t) - px) - Math.abs(this.x_of(b.t) - px))[0];
        if (near) return near;
        const t = this.t_of(px);
        const bar = this.bars.find((b) => b[0] === cpu && b[2] <= t && t < b[3]);
        return bar ? this.byCpu.get(cpu).find((e) => e.t === bar[2] && e.td === bar[1]) || null : null;
    }

    listen() {
        let drag = null;
        const place = (event, canvas) => {
            const box = canvas.getBoundingClientRect();
            return [event.clientX - box.left, event.clientY - box.top];
        };
        this.canvas.addEventListener("wheel", (event) => {
            event.preventDefault();
            if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
                this.pan((event.deltaX || event.deltaY) / this.width);
            else
                this.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), place(event, this.canvas)[0]);
        }, {passive: false});
        this.canvas.addEventListener("pointerdown", (event) => {
            const [x, y] = place(event, this.canvas);
            drag = {x, y, from: this.from, to: this.to, moved: false};
            this.canvas.setPointerCapture(event.pointerId);
        });
        this.canvas.addEventListener("pointermove", (event) => {
            const [x, y] = place(event, this.canvas);
            if (!drag) {
                const e = this.event_at(x, y);
                this.canvas.title = e ? `${this.name_of(e.td)} ${e.text}` : "";
                return;
            }
            if (Math.abs(x - drag.x) > 3) drag.moved = true;
            const by = (drag.x - x) / (this.width - this.gutter()) * (drag.to - drag.from);
            if (drag.moved) this.look(drag.from + by, drag.to + by);
        });
        this.canvas.addEventListener("pointerup", (event) => {
            const [x, y] = place(event, this.canvas);
            if (drag && !drag.moved) choose(this.event_at(x, y));
            drag = null;
        });
        const seek = (event) => {
            if (event.buttons !== 1) return;
            const at = this.start + place(event, this.mini)[0] / this.width * (this.end - this.start);
            const half = (this.to - this.from) / 2;
            this.look(at - half, at + half);
        };
        this.mini.addEventListener("pointerdown", seek);
        this.mini.addEventListener("pointermove", seek);
        this.canvas.addEventListener("focus", () => { focused = this; });
    }

    /* The next event (by = 1) or the one before (-1) on the chosen event's hart. */
    step(by) {
        const now = state.chosen && state.chosen.run === this ? state.chosen : null;
        const list = this.byCpu.get(now ? now.cpu : this.shown_cpus()[0]) || [];
        let i = now ? list.indexOf(now) + by : Math.min(Run.lower(list, this.from), list.length - 1);
        while (list[i] && !this.visible(list[i])) i += by;
        if (list[i]) choose(list[i]);
    }

    other_cpu(by) {
        const cpus = this.shown_cpus(), now = state.chosen && state.chosen.run === this ? state.chosen : null;
        const cpu = cpus[(cpus.indexOf(now ? now.cpu : cpus[0]) + by + cpus.length) % cpus.length];
        const list = this.byCpu.get(cpu);
        if (list.length) choose(list[Math.min(Run.lower(list, now ? now.t : this.from), list.length - 1)]);
    }
}

let focused = null, waiting = false;

function draw_soon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
        waiting = false;
        runs.forEach((run) => run.draw());
        list_events();
    });
}

function choose(e) {
    state.chosen = e;
    const box = $("details");
    if (e) {
        e.run.show(e);
        e.run.canvas.after(box);
    }
    box.replaceChildren();
    if (!e) {
        box.append("Choose an event: click on it, or use the arrow keys.");
        draw_soon();
        return;
    }
    const run = e.run, link = (i) => make("button", {onclick: () => choose(run.events[i])},
        `${run.name_of(run.events[i].td)} ${run.events[i].text}, ` +
        `${words(Math.abs(run.events[i].t - e.t))} ${run.events[i].t < e.t ? "before" : "later"}`);
    const rows = [
        ["thread", `${run.name_of(e.td)} (id ${e.td}${e.pri >= 0 ? `, priority ${e.pri}` : ""}) on cpu ${e.cpu}`],
        ["at", words(e.t - run.start)],
        ["where", e.place],
        ["caused by", e.cause >= 0 ? link(e.cause) : ""],
    ];
    e.effects.forEach((i) => rows.push(["caused", link(i)]));
    box.append(make("strong", {}, `${run.name_of(e.td)} ${e.text}`),
               make("dl", {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) =>
                   [make("dt", {}, name), make("dd", {}, value)])));
    draw_soon();
}

/* A table whose columns sort. columns: [title, value of a row, text of a value]. */
function table(rows, columns, on_row) {
    let by = 1, up = false;
    const body = make("tbody"), heads = columns.map(([title], i) => make("th", {scope: "col"},
        make("button", {onclick: () => { up = by === i ? !up : i === 0; by = i; fill(); }}, title)));
    function fill() {
        heads.forEach((th, i) => th.setAttribute("aria-sort", i === by ? up ? "ascending" : "descending" : "none"));
        const value = columns[by][1];
        rows.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (up ? 1 : -1));
        body.replaceChildren(...rows.map((row) => on_row(row, make("tr", {}, ...columns.map(([, get, text]) =>
            make("td", {}, text ? text(get(row), row) : String(get(row))))))));
    }
    fill();
    return {node: make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body), fill};
}

function thread_table(run) {
    const time = (ticks) => ticks < 0 ? "" : words(ticks);
    const columns = [
        ["thread", (r) => r.name, (name, r) => make("button", {
            "aria-pressed": String(state.thread === r.td),
            onclick: () => { state.thread = state.thread === r.td ? null : r.td; tables(); draw_soon(); },
        }, make("span", {class: "swatch", style: `background:${run.colour(r.td)}`}), name)],
        ["time on cpu", (r) => r.time, time],
        ["switches to it", (r) => r.switches],
        ["wake-up latency, mean", (r) => r.mean, time],
        ["longest", (r) => r.worst, time],
        ["IPIs sent", (r) => r.sent],
        ["run on it", (r) => r.received],
        ["waits for tokens", (r) => r.waits],
    ];
    return table(run.totals.slice(), columns, (row, tr) => {
        if (row.td === state.thread) tr.className = "chosen";
        return tr;
    }).node;
}

function tables() {
    $("tables").replaceChildren(...runs.filter((run) => run.totals.length && !DATA.failures).flatMap((run) => [
        make("h2", {}, runs.length > 1 ? `Threads: ${run.name}` : "Threads"),
        make("div", {class: "scroll", tabindex: "0"}, thread_table(run))]));
}

function list_events() {
    const box = $("listing");
    if (!box.open) return;
    const rows = runs.flatMap((run) => run.events_in_view().filter((e) => run.visible(e) &&
        state.cpus.has(e.cpu) && (!state.search || run.matches(e)))).slice(0, 1000);
    box.lastElementChild.replaceChildren(make("table", {},
        make("thead", {}, make("tr", {}, ...["time", "cpu", "thread", "event", "where"].map((t) =>
            make("th", {scope: "col"}, t)))),
        make("tbody", {}, ...rows.map((e) => make("tr", {class: e.wrong ? "wrong" : ""},
            make("td", {}, words(e.t - e.run.start)), make("td", {}, String(e.cpu)),
            make("td", {class: "words"}, e.run.name_of(e.td)), make("td", {class: "words"}, e.text),
            make("td", {class: "words"}, e.place))))));
}

function find(by) {
    const all = runs.flatMap((run) => run.events.filter((e) => run.matches(e)));
    $("found").textContent = state.search ? `${all.length} found` : "";
    if (!all.length) return;
    const i = all.indexOf(state.chosen);
    if (by) choose(all[(i + by + all.length) % all.length]);
}

/* What a grader says about a failure: texts, what was expected beside what came, and what to type. */
function failure(f, rows) {
    const entry = ([label, content]) => [make("dt", {}, label), make("dd", {}, content)];
    const box = make("section", {class: "failure", id: f.name.split(":")[0], "aria-label": f.name},
        make("h2", {}, `${f.name} (${f.points})`), make("dl", {}, ...f.texts.flatMap(entry)));
    if (rows.length) box.append(make("div", {class: "scroll", tabindex: "0"}, make("table", {},
        make("thead", {}, make("tr", {}, ...["expected", "came"].map((name) => make("th", {scope: "col", class: "words"}, name)))),
        make("tbody", {}, ...rows.map(([wanted, came, wrong]) => make("tr", {class: wrong ? "wrong" : ""},
            make("td", {class: "words"}, wanted),
            make("td", {class: "words"}, came + (wrong ? "  \u25c0 the first wrong one" : ""))))))));
    for (const lines of [f.state, f.console]) if (lines.length) box.append(make("pre", {}, lines.join("\n")));
    box.append(make("dl", {}, ...f.commands.flatMap(([label, lines]) => entry([label, make("pre", {}, lines.join("\n"))]))));
    return box;
}

/* A run's canvases, below what a grader says about it or below its name. */
function place_run(run, above) {
    above.append(run.mini, run.canvas);
    if (run.dropped)
        above.append(make("p", {class: "warning"}, `${run.dropped} older events are missing: the rings hold 2,048 for each hart.`));
}

/* The times between which a scene is worth looking at first: around its wrong event, or else its beginning; if half
   of that is one long pause, the part on this side of it. */
function telling(scene) {
    const wrong = scene.findIndex((e) => e.wrong), begin = Math.max(0, wrong - 12);
    let some = scene.slice(begin, begin + 25);
    const pauses = some.slice(1).map((e, i) => e.t - some[i].t), longest = Math.max(0, ...pauses);
    if (longest > (some[some.length - 1].t - some[0].t) / 2) {
        const at = pauses.indexOf(longest) + 1, part = wrong - begin >= at ? some.slice(at) : some.slice(0, at);
        if (part.length > 1) some = part;
    }
    const first = some[0].t, last = some[some.length - 1].t, room = Math.max((last - first) / 12, 20);
    return [first - room, last + room];
}

/* All failures, each with its picture if it has one; the view begins with the scene's first event. */
function failures() {
    const all = DATA.failures;
    if (all.length > 1) {
        $("contents").hidden = false;
        $("contents").append(make("ol", {}, ...all.map((f) => make("li", {}, make("a", {href: `#${f.name.split(":")[0]}`}, f.name)))));
    }
    for (const f of all) {
        const run = runs.find((one) => one.number === f.picture);
        const box = failure(f, run ? run.rows : []);
        $("runs").append(box);
        if (!run) continue;
        place_run(run, box);
        if (run.scene.length) run.look(...telling(run.scene));
    }
}

function checkboxes(box, names, set, label) {
    for (const name of names) {
        box.append(make("label", {}, make("input", {
            type: "checkbox", checked: true,
            onchange: (event) => { if (event.target.checked) set.add(name); else set.delete(name); draw_soon(); },
        }), ` ${label(name)}`));
    }
}

const KEYS = {
    w: (run) => run.zoom(0.7), s: (run) => run.zoom(1 / 0.7), a: (run) => run.pan(-0.2), d: (run) => run.pan(0.2),
    f: (run) => run.look(run.start, run.end), ArrowRight: (run) => run.step(1), ArrowLeft: (run) => run.step(-1),
    ArrowDown: (run) => run.other_cpu(1), ArrowUp: (run) => run.other_cpu(-1),
    c: () => { const e = state.chosen; if (e && e.cause >= 0) choose(e.run.events[e.cause]); },
    e: () => { const e = state.chosen; if (e && e.effects.length) choose(e.run.events[e.effects[0]]); },
};

function on_key(event) {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) && event.target.type !== "checkbox";
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const scrolls = event.key.startsWith("Arrow") && event.target.tagName !== "CANVAS" && event.target !== document.body;
    if (event.key === "/") {
        event.preventDefault();
        $("search").focus();
    } else if (KEYS[event.key] && !scrolls) {
        event.preventDefault();
        KEYS[event.key](focused || runs[0]);
    }
}

function start() {
    $("title").textContent = DATA.title;
    state.cpus = new Set(DATA.runs.flatMap((run) => run.cpus));
    runs = DATA.runs.map((run, i) => new Run(run, i));
    focused = runs[0] || null;
    $("summary").textContent = DATA.summary;
    if (DATA.warning) {
        $("warning").hidden = false;
        $("warning").textContent = DATA.warning;
    }
    if (DATA.failures) failures();
    else for (const run of runs) {
        if (runs.length > 1) $("runs").append(make("h2", {}, run.name));
        place_run(run, $("runs"));
    }
    for (const name of Object.keys(UNITS)) if (UNITS[name].per) $("unit").append(make("option", {}, name));
    const there = new Set(runs.flatMap((run) => run.events.map((e) => KIND_OF[e.kind] || "other")));
    checkboxes($("kinds"), KINDS.filter((kind) => there.has(kind)), state.kinds, (kind) => kind);
    checkboxes($("cpus"), [...state.cpus].sort((a, b) => a - b), state.cpus, (cpu) => String(cpu));
    const each = (f) => () => { runs.forEach(f); };
    $("in").onclick = each((run) => run.zoom(0.5));
    $("out").onclick = each((run) => run.zoom(2));
    $("fit").onclick = each((run) => run.look(run.start, run.end));
    $("unit").onchange = () => { state.unit = $("unit").value; tables(); choose(state.chosen); };
    $("search").oninput = () => { state.search = $("search").value.trim(); find(0); draw_soon(); };
    $("search").onkeydown = (event) => { if (event.key === "Enter") find(event.shiftKey ? -1 : 1); };
    $("listing").ontoggle = list_events;
    document.addEventListener("keydown", on_key);
    new ResizeObserver(draw_soon).observe(document.body);
    for (const query of ["(prefers-color-scheme: dark)", "print"])
        window.matchMedia(query).addEventListener("change", () => { runs.forEach((run) => run.draw()); tables(); });
    tables();
    choose(runs.flatMap((run) => run.events.filter((e) => e.wrong))[0] || null);
    for (const id of ["details", "help"]) $(id).hidden = !runs.length;
    document.querySelector(".controls").hidden = !runs.length;
    draw_soon();
    document.body.dataset.drawn = "yes";
}

start();
