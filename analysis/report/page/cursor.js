"use strict";

/* A place in time among the events: which event of each edge was its last. Moving costs as many steps
 * as there are events in between, backwards too: each event knows the one before it of its edge. */

class Cursor {
  constructor(times, edge, edges) {
    this.count = times.length;
    this.order = sortedOrder(times);
    this.times = this.order ? Float64Array.from(this.order, (row) => times[row]) : times;
    this.edge = edge;
    this.position = 0; // how many events have happened
    this.last = new Int32Array(edges).fill(-1);
    this.before = new Int32Array(this.count);
    const last = new Int32Array(edges).fill(-1);
    for (let at = 0; at < this.count; at++) {
      const row = this.row(at);
      this.before[row] = last[edge[row]];
      last[edge[row]] = row;
    }
  }

  row(at) {
    return this.order ? this.order[at] : at;
  }

  /* Go to a time: events at that time have happened. */
  seek(time) {
    while (this.position < this.count && this.times[this.position] <= time) {
      const row = this.row(this.position++);
      this.last[this.edge[row]] = row;
    }
    while (this.position > 0 && this.times[this.position - 1] > time) {
      const row = this.row(--this.position);
      this.last[this.edge[row]] = this.before[row];
    }
  }

  /* The time of the first event after a time, or of the last one before it; undefined at the ends. */
  next(time) {
    return this.times[upperBound(this.times, time)];
  }

  previous(time) {
    return this.times[lowerBound(this.times, time) - 1];
  }

  /* The rows of one edge's events, in order. */
  rowsOf(edge) {
    const rows = [];
    for (let at = 0; at < this.count; at++) {
      const row = this.row(at);
      if (this.edge[row] === edge) rows.push(row);
    }
    return rows;
  }
}

/* The order that sorts the times; null where they are sorted already. */
function sortedOrder(times) {
  let sorted = true;
  for (let at = 1; at < times.length && sorted; at++) sorted = times[at] >= times[at - 1];
  if (sorted) return null;
  const order = Uint32Array.from(times, (_, row) => row);
  return order.sort((one, other) => times[one] - times[other] || one - other);
}

/* How many of the sorted times are at or before a time; and how many are before it. */
function upperBound(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lowerBound(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
