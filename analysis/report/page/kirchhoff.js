"use strict";

/* The voltages of a network whose conductances are known. Kirchhoff's current law at every node that
 * nobody holds is a symmetric positive definite system: conjugate gradients, preconditioned by the
 * diagonal, from the voltages at hand, which are close when little has changed since. */

class Kirchhoff {
  constructor(nodes, first, second) {
    this.first = first;
    this.second = second;
    for (const name of ["diagonal", "residual", "direction", "image"]) this[name] = new Float64Array(nodes);
  }

  /* Solve in place: `voltages` of held nodes stay, those of the others become what the law asks for,
   * each to `tolerance` (V) of the mean of its neighbours weighted by the conductances. */
  solve(conductances, held, voltages, tolerance) {
    const { diagonal, residual, direction, image } = this;
    const nodes = voltages.length;
    diagonal.fill(0);
    for (let edge = 0; edge < this.first.length; edge++) {
      diagonal[this.first[edge]] += conductances[edge];
      diagonal[this.second[edge]] += conductances[edge];
    }
    this.currents(conductances, voltages, residual);
    let product = 0;
    let worst = 0;
    for (let node = 0; node < nodes; node++) {
      residual[node] = held[node] ? 0 : -residual[node];
      direction[node] = diagonal[node] > 0 ? residual[node] / diagonal[node] : 0;
      product += residual[node] * direction[node];
      worst = Math.max(worst, Math.abs(direction[node]));
    }
    const most = 4 * nodes + 50;
    let steps = 0;
    for (; steps < most && worst > tolerance; steps++) {
      this.currents(conductances, direction, image);
      let curvature = 0;
      for (let node = 0; node < nodes; node++) {
        if (held[node]) image[node] = 0;
        curvature += direction[node] * image[node];
      }
      if (!(curvature > 0)) break;
      const length = product / curvature;
      let following = 0;
      worst = 0;
      for (let node = 0; node < nodes; node++) {
        voltages[node] += length * direction[node];
        residual[node] -= length * image[node];
        if (diagonal[node] > 0) {
          const away = residual[node] / diagonal[node];
          following += residual[node] * away;
          worst = Math.max(worst, Math.abs(away));
        }
      }
      const turn = following / product;
      product = following;
      for (let node = 0; node < nodes; node++) {
        const away = diagonal[node] > 0 ? residual[node] / diagonal[node] : 0;
        direction[node] = away + turn * direction[node];
      }
    }
    return steps;
  }

  /* The current that flows out of each node. */
  currents(conductances, voltages, out) {
    out.fill(0);
    for (let edge = 0; edge < this.first.length; edge++) {
      const from = this.first[edge];
      const to = this.second[edge];
      const current = conductances[edge] * (voltages[from] - voltages[to]);
      out[from] += current;
      out[to] -= current;
    }
  }
}
