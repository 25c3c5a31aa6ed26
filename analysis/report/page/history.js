"use strict";

/* What one edge did: its conductance, the drops that it read, and the intervals between its ticks. */

class EdgeHistory {
  constructor(place, player) {
    this.place = place;
    this.player = player;
    this.heading = place.querySelector("h4");
    this.now = place.querySelector(".now");
    const { page } = player;
    const shared = { height: 132, until: page.horizon, onSeek: (time) => page.seek(time) };
    const charts = place.querySelector(".charts");
    this.conductance = new Chart(charts, { ...shared, label: "conductance", unit: "S", log: true });
    this.drops = new Chart(charts, { ...shared, label: "drop", unit: "V" });
    this.intervals = new Chart(charts, { ...shared, label: "interval", unit: "s", log: true });
    this.edge = null;
    this.show(null);
  }

  show(edge) {
    this.edge = edge;
    this.place.hidden = edge === null;
    if (edge === null) return;
    const { player } = this;
    const { events, edges, span } = player.run;
    const { distinct } = player.page;
    this.rows = player.acts.rowsOf(edge);
    this.times = Float64Array.from(this.rows, (row) => events.time[row]);
    this.heading.textContent = player.nameOf(edge);
    const of = (column) => Float64Array.from(this.rows, (row) => column[row]);
    const after = [edges.start[edge], ...of(events.conductance)];
    // A logarithmic axis has no place for 0 S: the line of an edge that is cut ends there.
    const end = edges.cut[edge] <= span ? edges.cut[edge] : span;
    const steps = { x: [0, ...this.times, end], y: [...after, after[after.length - 1]] };
    this.conductance.show([{ ...steps, shape: "steps", colour: distinct[0] }]);
    const sensed = of(player.sensed);
    this.drops.show([
      { x: sensed, y: of(events.free), shape: "dots", colour: distinct[0] },
      { x: sensed, y: of(events.clamped), shape: "dots", colour: distinct[1] },
    ]);
    this.intervals.show([{ ...this.intervalsOf(sensed), shape: "dots", colour: distinct[0] }]);
    this.moveTo(player.time);
  }

  /* Where events were left out, those that are here bring the interval that they ended. */
  intervalsOf(sensed) {
    const { interval } = this.player.run.events;
    if (interval) return { x: sensed, y: Float64Array.from(this.rows, (row) => interval[row] || NaN) };
    const ticks = sensed.slice().sort();
    return { x: ticks.slice(1), y: ticks.slice(1).map((tick, at) => tick - ticks[at]) };
  }

  moveTo(time) {
    if (this.edge === null) return;
    for (const chart of [this.conductance, this.drops, this.intervals]) chart.moveCursor(time);
    const { events } = this.player.run;
    const done = upperBound(this.times, time);
    const held = this.player.conductance[this.edge];
    const cut = quantity(this.player.run.edges.cut[this.edge], "s", 4);
    const parts = [
      held > 0 ? `${quantity(held, "S", 4)} (${quantity(1 / held, "Ω", 4)})` : `0 S, cut at ${cut}`,
      `${whole(done)} of ${whole(this.rows.length)} events${events.interval ? " that are here" : ""}`,
    ];
    if (done) {
      const row = this.rows[done - 1];
      parts.push(`read ${quantity(events.free[row], "V")} free, ${quantity(events.clamped[row], "V")} clamped`);
    }
    this.now.textContent = parts.join(" · ");
  }
}
