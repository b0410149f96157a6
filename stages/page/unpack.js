"use strict";

// The packed weights (stages/page/calculator.py) as what `Network` takes.
//
//   unpack("eNqM…", [["embedding.weight", [18, 256]], …])  ->  {"embedding.weight": {rows: 18, columns: 256, values: […]}, …}

/** The tensors by name, out of the page's text: float16, all low bytes and then all high bytes, compressed, as base64. */
async function unpack(text, layout) {
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let n = 0; n < packed.length; n++) bytes[n] = packed.charCodeAt(n);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = planes.length / 2;
  const numbers = Float32Array.from({ length: 65536 }, (_, bits) => half(bits));
  const values = new Float32Array(count);
  for (let n = 0; n < count; n++) values[n] = numbers[planes[n] | (planes[count + n] << 8)];
  const tensors = {};
  let start = 0;
  for (const [name, [rows, columns = 1]] of layout) {
    tensors[name] = { rows, columns, values: values.subarray(start, start + rows * columns) };
    start += rows * columns;
  }
  return tensors;
}

/** The number that a float16's 16 bits stand for: a sign, 5 bits of exponent, 10 of fraction (IEEE 754). */
function half(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}
