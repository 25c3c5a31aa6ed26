"use strict";

/* Draws a network on a canvas, and finds what lies under the pointer. */

const INK = "#1a1a1a";
const FLASH = "213, 94, 0"; // vermillion, which is in no conductance's colour
const CUT = "#999"; // of an edge that conducts nothing, which is dashed
const DASH = [5, 4];
const SHORT = 3; // letters of a name that has room in a node
const MANY = 60; // nodes beyond which names would cover the network

class NetworkView {
  constructor(canvas, run, colours) {
    this.canvas = canvas;
    this.run = run;
    this.colours = [...colours, CUT];
    this.cut = colours.length; // the place of that colour
    this.context = canvas.getContext("2d");
    this.zoom = { scale: 1, x: 0, y: 0 };
    this.heads = new Int32Array(this.colours.length);
    this.links = new Int32Array(run.edges.first.length);
    this.bent = Uint8Array.from(run.edges.first, (_, edge) => this.isBent(edge));
    this.measure();
  }

  isBent(edge) {
    const { first, second, middle_x, middle_y } = this.run.edges;
    const { x, y } = this.run.nodes;
    const away = Math.hypot(
      (x[first[edge]] + x[second[edge]]) / 2 - middle_x[edge],
      (y[first[edge]] + y[second[edge]]) / 2 - middle_y[edge],
    );
    return away > 1e-5;
  }

  /* The drawing's own size: 1 along its longer side. */
  measure() {
    const { nodes, edges } = this.run;
    const larger = (most, place) => Math.max(most, place);
    this.box = [
      [nodes.x, edges.middle_x].reduce((most, places) => places.reduce(larger, most), 1e-9),
      [nodes.y, edges.middle_y].reduce((most, places) => places.reduce(larger, most), 1e-9),
    ];
  }

  /* Fit the canvas to its place on the page; all lengths below are in pixels of the page. */
  fit() {
    const width = this.canvas.clientWidth;
    this.margin = 36;
    const wanted = ((width - 2 * this.margin) * this.box[1]) / this.box[0] + 2 * this.margin;
    const height = Math.round(Math.min(Math.max(wanted, 200), Math.min(620, 1.1 * width)));
    const dense = window.devicePixelRatio || 1;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * dense);
    this.canvas.height = Math.round(height * dense);
    this.context.setTransform(dense, 0, 0, dense, 0, 0);
    this.size = [width, height];
    this.place();
  }

  place() {
    const [width, height] = this.size;
    const { scale, x, y } = this.zoom;
    const fitting = Math.min((width - 2 * this.margin) / this.box[0], (height - 2 * this.margin) / this.box[1]);
    this.factor = fitting * scale;
    this.corner = [width / 2 - (this.box[0] * this.factor) / 2 + x, height / 2 + (this.box[1] * this.factor) / 2 + y];
    const length = this.run.nodes.grain * this.factor;
    this.named = this.run.nodes.label.length <= MANY || length > 40;
    this.lineWidth = Math.min(6, Math.max(1.2, length / (this.named ? 12 : 6)));
    this.radius = this.named ? Math.min(13, Math.max(7, length / 5)) : Math.min(6, length / 5);
  }

  at(x, y) {
    return [this.corner[0] + x * this.factor, this.corner[1] - y * this.factor];
  }

  node(index) {
    return this.at(this.run.nodes.x[index], this.run.nodes.y[index]);
  }

  middle(edge) {
    return this.at(this.run.edges.middle_x[edge], this.run.edges.middle_y[edge]);
  }

  /* state: { colour, flash (by edge), voltages (by node, or null), range, desired, selected } */
  draw(state) {
    const { context } = this;
    context.clearRect(0, 0, ...this.size);
    context.lineCap = "butt";
    this.drawFlashes(state.flash);
    this.drawEdges(state.colour);
    if (state.selected !== null) this.drawSelected(state);
    this.drawNodes(state);
  }

  trace(edge) {
    const { first, second } = this.run.edges;
    const from = this.node(first[edge]);
    const to = this.node(second[edge]);
    this.context.moveTo(...from);
    if (!this.bent[edge]) return this.context.lineTo(...to);
    const middle = this.middle(edge);
    const control = [0, 1].map((side) => 2 * middle[side] - (from[side] + to[side]) / 2);
    return this.context.quadraticCurveTo(...control, ...to);
  }

  drawFlashes(flash) {
    const { context } = this;
    context.lineWidth = this.lineWidth + Math.max(3, 1.2 * this.lineWidth);
    for (let edge = 0; edge < flash.length; edge++) {
      if (flash[edge] <= 0) continue;
      context.strokeStyle = `rgba(${FLASH}, ${flash[edge].toFixed(2)})`;
      context.beginPath();
      this.trace(edge);
      context.stroke();
    }
  }

  /* One path a colour: setting a colour costs far more than a line. */
  drawEdges(colour) {
    const { context, heads, links } = this;
    heads.fill(-1);
    for (let edge = 0; edge < colour.length; edge++) {
      links[edge] = heads[colour[edge]];
      heads[colour[edge]] = edge;
    }
    context.lineWidth = this.lineWidth;
    for (let shade = 0; shade < heads.length; shade++) {
      if (heads[shade] < 0) continue;
      context.strokeStyle = this.colours[shade];
      context.setLineDash(shade === this.cut ? DASH : []);
      context.beginPath();
      for (let edge = heads[shade]; edge >= 0; edge = links[edge]) this.trace(edge);
      context.stroke();
    }
    context.setLineDash([]);
  }

  drawSelected({ selected, colour, flash }) {
    const { context } = this;
    const outline = flash[selected] > 0.3 ? `rgb(${FLASH})` : INK;
    for (const [width, shade] of [[this.lineWidth + 6, outline], [this.lineWidth + 3, "#fff"], [this.lineWidth, this.colours[colour[selected]]]]) {
      context.lineWidth = width;
      context.strokeStyle = shade;
      context.setLineDash(shade === CUT ? DASH : []);
      context.beginPath();
      this.trace(selected);
      context.stroke();
    }
    context.setLineDash([]);
  }

  drawNodes(state) {
    const { role } = this.run.nodes;
    const inner = this.radius >= 2.5; // smaller ones would only hide the edges
    for (let node = 0; node < role.length; node++) if (role[node] === "inner" && inner) this.drawNode(node, state);
    for (let node = 0; node < role.length; node++) if (role[node] !== "inner") this.drawNode(node, state);
    if (!state.voltages) return this.drawLongNames();
    for (let node = 0; node < role.length; node++) {
      if (role[node] !== "inner" || role.length <= 16) this.drawText(node, this.voltageOf(node, state));
    }
  }

  drawNode(node, { voltages, range }) {
    const { context } = this;
    const role = this.run.nodes.role[node];
    const [x, y] = this.node(node);
    const radius = role === "inner" ? this.radius : Math.max(6, this.radius);
    const shade = voltages ? grey(voltages[node], range) : 255;
    context.beginPath();
    if (role === "source") context.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius);
    else if (role === "target") polygon(context, x, y, 1.25 * radius);
    else context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = `rgb(${shade}, ${shade}, ${shade})`;
    context.fill();
    context.lineWidth = role === "inner" ? Math.min(1.2, radius / 3) : 2;
    context.strokeStyle = INK;
    context.stroke();
    if (!this.named) return;
    const label = this.run.nodes.label[node];
    if (label.length > SHORT) return;
    context.font = `${label.length > 2 ? 10 : 12}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = shade < 128 ? "#fff" : INK;
    context.fillText(label, x, y);
  }

  /* Names that have no room in a node stand beside it. */
  drawLongNames() {
    if (!this.named) return;
    this.run.nodes.label.forEach((label, node) => label.length > SHORT && this.drawText(node, shortened(label)));
  }

  voltageOf(node, { voltages, desired }) {
    const label = this.run.nodes.label[node];
    const name = this.named && label.length > SHORT ? `${shortened(label)}: ` : "";
    const wanted = desired && node in desired ? ` (→ ${quantity(desired[node], "V")})` : "";
    return `${name}${quantity(voltages[node], "V")}${wanted}`;
  }

  drawText(node, text) {
    const { context } = this;
    const [x, y] = this.node(node);
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const half = context.measureText(text).width / 2 + 3;
    const radius = 1.2 * Math.max(6, this.radius);
    const { side_x, side_y } = this.run.nodes;
    const within = (at, room, side) => Math.min(Math.max(at, room), this.size[side] - room);
    // As far as it takes to clear the node, sideways or up.
    const away = Math.min((radius + half) / Math.abs(side_x[node]), (radius + 8) / Math.abs(side_y[node]));
    const across = within(x + side_x[node] * away, half, 0);
    let height = within(y - side_y[node] * away, 8, 1);
    if (Math.abs(across - x) < radius + half && Math.abs(height - y) < radius + 8) {
      // It was pushed back over the node by the border of the canvas: below then, or above.
      height = y + radius + 10 < this.size[1] - 8 ? y + radius + 10 : y - radius - 10;
    }
    context.fillStyle = "rgba(255, 255, 255, 0.82)";
    context.fillRect(across - half, height - 8, 2 * half, 16);
    context.fillStyle = INK;
    context.fillText(text, across, height);
  }

  /* The edge nearest to a point, in reach of a finger; null where there is none. */
  edgeAt(x, y, reach = 14) {
    let nearest = null;
    let least = reach;
    for (let edge = 0; edge < this.bent.length; edge++) {
      const away = this.distance(edge, x, y);
      if (away < least) [nearest, least] = [edge, away];
    }
    return nearest;
  }

  nodeAt(x, y) {
    const reach = Math.max(8, 1.2 * this.radius);
    let nearest = null;
    let least = reach;
    for (let node = 0; node < this.run.nodes.label.length; node++) {
      const place = this.node(node);
      const away = Math.hypot(place[0] - x, place[1] - y);
      if (away < least) [nearest, least] = [node, away];
    }
    return nearest;
  }

  distance(edge, x, y) {
    const from = this.node(this.run.edges.first[edge]);
    const to = this.node(this.run.edges.second[edge]);
    if (!this.bent[edge]) return toSegment(x, y, from, to);
    const middle = this.middle(edge);
    return Math.min(toSegment(x, y, from, middle), toSegment(x, y, middle, to));
  }
}

function shortened(label) {
  return label.length > 12 ? `${label.slice(0, 11)}…` : label;
}

function toSegment(x, y, from, to) {
  const chord = [to[0] - from[0], to[1] - from[1]];
  const square = chord[0] ** 2 + chord[1] ** 2 || 1;
  const along = Math.min(1, Math.max(0, ((x - from[0]) * chord[0] + (y - from[1]) * chord[1]) / square));
  return Math.hypot(x - from[0] - along * chord[0], y - from[1] - along * chord[1]);
}

function polygon(context, x, y, radius) {
  context.moveTo(x, y - radius);
  context.lineTo(x + radius, y);
  context.lineTo(x, y + radius);
  context.lineTo(x - radius, y);
  context.closePath();
}

/* White at the lowest voltage of the data, dark at the highest. */
function grey(voltage, [low, high]) {
  const place = high > low ? (voltage - low) / (high - low) : 0.5;
  return Math.round(255 - 215 * Math.min(1, Math.max(0, place)));
}
