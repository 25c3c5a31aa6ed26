"use strict";

/* How numbers are written: with the prefixes of the SI, and at round places on an axis. A square of a
 * unit takes a power of ten instead, since mV² would be (mV)². */

const PREFIXES = { "-15": "f", "-12": "p", "-9": "n", "-6": "µ", "-3": "m", 0: "", 3: "k", 6: "M", 9: "G" };

function quantity(value, unit, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return `0 ${unit}`;
  if (unit.endsWith("²")) return `${power(value, digits)} ${unit}`;
  const size = 3 * Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))) / 3);
  const prefix = Math.min(9, Math.max(-15, size));
  const number = Number((value / 10 ** prefix).toPrecision(digits));
  return `${number} ${PREFIXES[prefix]}${unit}`.trim();
}

function power(value, digits) {
  const rounded = Number(value.toPrecision(digits));
  if (Math.abs(rounded) >= 0.01 && Math.abs(rounded) < 1e4) return `${rounded}`;
  const [number, exponent] = rounded.toExponential().split("e");
  const raised = [...String(Number(exponent))].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]).join("");
  return Number(number) === 1 ? `10${raised}` : `${number}×10${raised}`;
}

function whole(count) {
  return count.toLocaleString("en").replaceAll(",", "\u202f");
}

/* Round places between two numbers, about `count` of them. */
function places(low, high, count) {
  const step = roundStep((high - low) / count);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at++) found.push(at * step);
  return found;
}

function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((digit) => digit * power).find((round) => round >= step * (1 - 1e-9));
}

/* Round places on a logarithmic axis: decades where there are many, else 1, 2, 5. */
function logPlaces(low, high, count) {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const decades = Math.log10(high / low);
  const digits = decades < count / 2 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / count));
  const found = [];
  for (let power = from; power <= to; power += 1) {
    if ((power - from) % every) continue;
    for (const digit of digits) {
      const at = Number(`${digit}e${power}`);
      if (at >= low * (1 - 1e-9) && at <= high * (1 + 1e-9)) found.push(at);
    }
  }
  return found.length > 1 ? found : places(low, high, count);
}
