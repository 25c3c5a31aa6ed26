"use strict";

/* Unpacks what packing.py packed: base 64, gzip, the bytes of all numbers sorted by their place. */

const KINDS = {
  f8: Float64Array,
  f4: Float32Array,
  i4: Int32Array,
  u4: Uint32Array,
  i2: Int16Array,
  u2: Uint16Array,
  u1: Uint8Array,
};

async function unpack(column) {
  const text = atob(column.bytes);
  const packed = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) packed[at] = text.charCodeAt(at);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const numbers = new KINDS[column.kind](column.length);
  const bytes = new Uint8Array(numbers.buffer);
  const size = numbers.BYTES_PER_ELEMENT;
  for (let place = 0; place < size; place++) {
    for (let at = 0; at < column.length; at++) {
      bytes[at * size + place] = planes[place * column.length + at];
    }
  }
  return meaning(column, numbers);
}

/* What numbers of 16 bits stand for; see pack_rounded and pack_logarithms. */
function meaning(column, numbers) {
  if ("step" in column) return Float32Array.from(numbers, (number) => number * column.step);
  if ("ratio" in column) {
    const place = Math.log(column.ratio) / 65536;
    return Float64Array.from(numbers, (code) => column.low * Math.exp((code + 0.5) * place));
  }
  return numbers;
}

/* The same table with every packed column unpacked. */
async function unpackTable(table) {
  const names = Object.keys(table);
  const columns = await Promise.all(
    names.map((name) => (table[name] && table[name].bytes !== undefined ? unpack(table[name]) : table[name])),
  );
  return Object.fromEntries(names.map((name, index) => [name, columns[index]]));
}
