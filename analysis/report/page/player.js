"use strict";

/* One run on the page: its state at a time, its network, and the history of the edge that is chosen. */

class Player {
  constructor(place, run, page) {
    this.run = run;
    this.page = page;
    this.edges = run.edges.first.length;
    const { time, edge, delay } = run.events;
    this.acts = new Cursor(time, edge, this.edges);
    this.sensed = delay ? time.map((at, row) => at - delay[row]) : time;
    this.ticks = delay ? new Cursor(this.sensed, edge, this.edges) : this.acts;
    this.conductance = new Float64Array(this.edges);
    this.colour = new Uint16Array(this.edges);
    this.flash = new Float32Array(this.edges);
    this.selected = null;
    this.time = 0;
    this.prepareVoltages();
    this.build(place);
  }

  prepareVoltages() {
    const { data, nodes, edges } = this.run;
    this.voltages = null;
    if (!data) return;
    this.solver = new Kirchhoff(nodes.label.length, edges.first, edges.second);
    this.free = new Float64Array(nodes.label.length);
    this.clamped = new Float64Array(nodes.label.length);
    this.heldFree = new Uint8Array(nodes.label.length);
    for (const node of data.sources) this.heldFree[node] = 1;
    this.heldClamped = this.heldFree.slice();
    for (const node of data.targets) this.heldClamped[node] = 1;
    const inputs = data.inputs.flat();
    this.range = [Math.min(...inputs), Math.max(...inputs)];
  }

  build(place) {
    place.querySelector(".name").textContent = this.run.name;
    place.querySelector(".title").textContent = this.run.title;
    place.querySelector(".note").textContent = this.run.note;
    this.readout = place.querySelector(".readout");
    this.history = new EdgeHistory(place.querySelector(".history"), this);
    const canvas = place.querySelector("canvas");
    canvas.setAttribute("aria-label", `The network of ${this.run.name}; the number of an edge can be typed above.`);
    this.view = new NetworkView(canvas, this.run, this.page.colours);
    new Pointer(canvas, this);
    for (const [name, factor] of [["in", 1.5], ["out", 1 / 1.5], ["whole", 0]]) {
      place.querySelector(`.zoom-${name}`).addEventListener("click", () => this.zoomBy(factor));
    }
    new ResizeObserver(() => {
      this.view.fit();
      this.draw();
    }).observe(canvas);
    this.view.fit();
  }

  /* Show the state at a time; `trail` is how long a flash is seen, in simulated seconds. */
  show(time, trail) {
    this.time = time;
    this.acts.seek(time);
    if (this.ticks !== this.acts) this.ticks.seek(time);
    const { colours, low, high } = this.page;
    const scale = colours.length / Math.log(high / low);
    for (let edge = 0; edge < this.edges; edge++) {
      const last = this.acts.last[edge];
      const written = last < 0 ? this.run.edges.start[edge] : this.run.events.conductance[last];
      const value = this.isCut(edge) ? 0 : written;
      this.conductance[edge] = value;
      const place = Math.floor(Math.log(value / low) * scale);
      this.colour[edge] = value > 0 ? Math.min(colours.length - 1, Math.max(0, place)) : this.view.cut;
      this.flash[edge] = Math.max(this.glow(this.acts, edge, 0), this.glow(this.ticks, edge, trail));
    }
    this.solve();
    this.draw();
    this.history.moveTo(time);
  }

  /* Whether an edge has been cut; the time is NaN where it never is. */
  isCut(edge) {
    return this.time >= this.run.edges.cut[edge];
  }

  glow(cursor, edge, trail) {
    const last = cursor.last[edge];
    if (last < 0) return 0;
    const age = this.time - (cursor === this.ticks ? this.sensed[last] : this.run.events.time[last]);
    return age <= 0 ? 1 : Math.max(0, 1 - age / trail);
  }

  /* The datum that is shown: the one that was chosen, or the last that an edge read; null where the run has none. */
  get datum() {
    const { position } = this.ticks;
    const read = position ? this.run.events.datum[this.ticks.row(position - 1)] : 0;
    const datum = this.page.datum ?? read;
    return datum < this.run.data.inputs.length ? datum : null;
  }

  solve() {
    this.voltages = null;
    this.desired = null;
    if (!this.run.data || this.page.copy === "none" || this.datum === null) return;
    const { sources, targets, inputs, desired } = this.run.data;
    const scale = Math.max(...inputs[this.datum].map(Math.abs)) || 1;
    const tolerance = (this.page.playing && this.edges > 1000 ? 1e-5 : 1e-12) * scale;
    sources.forEach((node, at) => (this.free[node] = inputs[this.datum][at]));
    this.solver.solve(this.conducted("free"), this.heldFree, this.free, tolerance);
    this.voltages = this.free;
    if (!desired) return;
    const wanted = desired[this.datum];
    this.desired = Object.fromEntries(targets.map((node, at) => [node, wanted[at]]));
    if (this.page.copy !== "clamped") return;
    for (const node of sources) this.clamped[node] = this.free[node];
    for (const node of targets) {
      this.clamped[node] = this.free[node] + this.run.nudge * (this.desired[node] - this.free[node]);
    }
    this.solver.solve(this.conducted("clamped"), this.heldClamped, this.clamped, tolerance);
    this.voltages = this.clamped;
  }

  /* What the edges of a copy conduct: what is written, where the copies do not differ. */
  conducted(copy) {
    const relative = this.run.edges[`relative_${copy}`];
    return relative ? this.conductance.map((written, edge) => written * relative[edge]) : this.conductance;
  }

  draw() {
    this.view.draw({
      colour: this.colour,
      flash: this.flash,
      voltages: this.voltages,
      range: this.range,
      desired: this.desired,
      selected: this.selected,
    });
  }

  select(edge) {
    this.selected = edge !== null && edge < this.edges ? edge : null;
    this.draw();
    this.history.show(this.selected);
  }

  nameOf(edge) {
    const { label } = this.run.nodes;
    const { first, second, group } = this.run.edges;
    const title = group?.[edge] ? ` (${group[edge]})` : "";
    return `edge ${edge}: ${label[first[edge]]} – ${label[second[edge]]}${title}`;
  }

  zoomBy(factor) {
    const { zoom } = this.view;
    zoom.scale = factor ? Math.min(40, Math.max(1, zoom.scale * factor)) : 1;
    for (const side of ["x", "y"]) zoom[side] = zoom.scale > 1 ? zoom[side] * factor : 0;
    this.view.place();
    this.draw();
  }

  pan(x, y) {
    if (this.view.zoom.scale <= 1) return;
    this.view.zoom.x += x;
    this.view.zoom.y += y;
    this.view.place();
    this.draw();
  }

  /* What lies under the pointer, in words. */
  describe(x, y) {
    const node = this.view.nodeAt(x, y);
    if (node !== null) {
      const role = this.run.nodes.role[node];
      const what = `${role === "inner" ? "node" : role} ${this.run.nodes.label[node]}`;
      this.readout.textContent = this.voltages ? `${what}: ${quantity(this.voltages[node], "V", 4)}` : what;
      return;
    }
    const edge = this.view.edgeAt(x, y);
    this.readout.textContent =
      edge === null ? "" : `${this.nameOf(edge)}: ${quantity(this.conductance[edge], "S", 4)}`;
  }
}

/* The pointer on a network: a click chooses an edge, a drag moves a network that is enlarged. */
class Pointer {
  constructor(canvas, player) {
    let from = null;
    let moved = false;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      from = place(event);
      moved = false;
    });
    canvas.addEventListener("pointermove", (event) => {
      const at = place(event);
      if (from && event.buttons & 1) {
        const step = [at[0] - from[0], at[1] - from[1]];
        moved ||= Math.hypot(...step) > 4;
        if (moved) {
          player.pan(...step);
          from = at;
        }
      }
      player.describe(...at);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (from && !moved) player.page.select(player.view.edgeAt(...place(event)));
      from = null;
    });
    canvas.addEventListener("pointerleave", () => (player.readout.textContent = ""));
  }
}
