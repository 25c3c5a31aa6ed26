"use strict";

/* A small chart over simulated time: lines, steps or dots, a cursor, and a click that goes to a time. */

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 72, right: 18, top: 8, bottom: 34 };

function svgNode(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

class Chart {
  /* options: label (of the y axis), unit, log (whether y is logarithmic), height, until (s), onSeek. */
  constructor(parent, options) {
    this.options = options;
    this.series = [];
    this.time = 0;
    this.svg = svgNode("svg", { class: "chart", role: "img", "aria-label": `${options.label} over time` });
    parent.append(this.svg);
    if (options.onSeek) {
      const seek = (event) => {
        if (event.type === "pointerdown") this.svg.setPointerCapture(event.pointerId);
        if (event.buttons & 1) options.onSeek(this.timeAt(event.clientX - this.svg.getBoundingClientRect().left));
      };
      this.svg.addEventListener("pointerdown", seek);
      this.svg.addEventListener("pointermove", seek);
      this.svg.classList.add("seeks");
    }
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  /* series: a list of { x, y, shape ("line", "steps" or "dots"), colour, dash }. */
  show(series) {
    this.series = series.filter((each) => each.x.length);
    this.draw();
  }

  timeAt(x) {
    const inside = (x - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right);
    return this.options.until * Math.min(1, Math.max(0, inside));
  }

  draw() {
    this.width = this.svg.clientWidth;
    this.height = this.options.height;
    this.svg.replaceChildren();
    if (!this.width) return;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.setAttribute("height", this.height);
    this.setScales();
    this.drawAxes();
    for (const each of this.series) this.drawSeries(each);
    this.line = svgNode("line", { class: "cursor", y1: MARGIN.top, y2: this.height - MARGIN.bottom });
    this.svg.append(this.line);
    this.moveCursor(this.time);
  }

  setScales() {
    const { until } = this.options;
    let low = Infinity;
    let high = -Infinity;
    for (const { y } of this.series) {
      for (const value of y) {
        if (!Number.isFinite(value) || (this.options.log && value <= 0)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (low > high) [low, high] = [1, 10];
    this.isLog = Boolean(this.options.log) && high > 3 * low;
    const room = low === high ? Math.abs(low) / 2 || 1 : 0.06 * (high - low);
    if (this.isLog) [low, high] = [low / (high / low) ** 0.06, high * (high / low) ** 0.06];
    else [low, high] = [low - room, high + room];
    this.bounds = [low, high];
    const inner = [this.width - MARGIN.left - MARGIN.right, this.height - MARGIN.top - MARGIN.bottom];
    const scaled = this.isLog ? Math.log : (value) => value;
    this.x = (time) => MARGIN.left + (inner[0] * time) / until;
    this.y = (value) => {
      const place = (scaled(value) - scaled(low)) / (scaled(high) - scaled(low));
      return this.height - MARGIN.bottom - inner[1] * place;
    };
  }

  drawAxes() {
    const [low, high] = this.bounds;
    const bottom = this.height - MARGIN.bottom;
    const { label, unit, until } = this.options;
    const square = unit.endsWith("²"); // its powers of ten leave no room for the unit
    for (const at of (this.isLog ? logPlaces : places)(low, high, Math.max(3, Math.floor(this.height / 40)))) {
      const y = this.y(at);
      this.svg.append(svgNode("line", { class: "grid", x1: MARGIN.left, x2: this.width - MARGIN.right, y1: y, y2: y }));
      this.svg.append(svgNode("text", { class: "tick y", x: MARGIN.left - 5, y: y + 4 }, square ? power(at, 4) : quantity(at, unit, 4)));
    }
    for (const at of places(0, until, Math.max(2, Math.floor(this.width / 110)))) {
      this.svg.append(svgNode("text", { class: "tick x", x: this.x(at), y: bottom + 14 }, Number(at.toPrecision(6))));
    }
    this.svg.append(svgNode("line", { class: "axis", x1: MARGIN.left, x2: this.width - MARGIN.right, y1: bottom, y2: bottom }));
    this.svg.append(svgNode("text", { class: "label x", x: (MARGIN.left + this.width) / 2, y: this.height - 3 }, "time (s)"));
    const middle = (MARGIN.top + bottom) / 2;
    this.svg.append(svgNode("text", { class: "label", transform: `translate(11 ${middle}) rotate(-90)` }, square ? `${label} (${unit})` : label));
  }

  drawSeries({ x, y, shape, colour, dash }) {
    const usable = (value) => Number.isFinite(value) && !(this.isLog && value <= 0);
    if (shape === "dots") {
      const seen = new Set();
      let path = "";
      for (let at = 0; at < x.length; at++) {
        if (!usable(y[at])) continue;
        const spot = `${this.x(x[at]).toFixed(1)} ${this.y(y[at]).toFixed(1)}`;
        if (!seen.has(spot)) path += `M${spot}h0`;
        seen.add(spot);
      }
      this.svg.append(svgNode("path", { class: "dots", d: path, stroke: colour }));
      return;
    }
    const path = this.pathOf(x, y, shape === "steps", usable);
    this.svg.append(svgNode("path", { class: "line", d: path, stroke: colour, "stroke-dasharray": dash || "none" }));
  }

  /* Of the points in one column of pixels the first, the extremes and the last. */
  pathOf(x, y, steps, usable) {
    let path = "";
    let at = 0;
    let pen = null;
    const to = (column, value) => {
      const height = this.y(value).toFixed(1);
      if (pen === null) path += `M${column} ${height}`;
      else path += steps ? `H${column}V${height}` : `L${column} ${height}`;
      pen = height;
    };
    while (at < x.length) {
      const pixel = Math.floor(2 * this.x(x[at]));
      const rows = [];
      for (; at < x.length && Math.floor(2 * this.x(x[at])) === pixel; at++) if (usable(y[at])) rows.push(at);
      if (!rows.length) continue;
      let [low, high] = [rows[0], rows[0]];
      for (const row of rows) {
        if (y[row] < y[low]) low = row;
        if (y[row] > y[high]) high = row;
      }
      const kept = [...new Set([rows[0], low, high, rows[rows.length - 1]])].sort((one, other) => one - other);
      for (const row of kept) to(this.x(x[row]).toFixed(1), y[row]);
    }
    return path;
  }

  moveCursor(time) {
    this.time = time;
    if (!this.line) return;
    const x = this.x(time);
    this.line.setAttribute("x1", x);
    this.line.setAttribute("x2", x);
  }
}
