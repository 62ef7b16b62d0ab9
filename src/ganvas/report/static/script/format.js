/** Numbers and names as people read them. */

export const MISSING = '–';

/** `value` with `digits` significant digits, at most four of them behind the point. */
export function num(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return minus(value.toExponential(2));
  const whole = size >= 1 ? Math.floor(Math.log10(size)) + 1 : 0;
  return minus(value.toFixed(Math.max(0, Math.min(4, digits - whole))));
}

export function signed(value, digits = 3) {
  if (value === null || value === undefined) return MISSING;
  return (value > 0 ? '+' : '') + num(value, digits);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return MISSING;
  if (seconds < 90) return `${num(seconds, 3)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${num(minutes, 3)} min` : `${num(minutes / 60, 3)} h`;
}

export function pValue(p) {
  if (p === null || p === undefined) return MISSING;
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

export function stars(p) {
  if (p === null || p === undefined) return '';
  return p < 0.001 ? '***' : p < 0.01 ? '**' : p < 0.05 ? '*' : '';
}

export function plural(count, word) {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}

/** Tick text without the zeros that say nothing. */
export function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) return minus(value.toExponential(0));
  return minus(String(Number(value.toPrecision(4))));
}

const minus = (text) => text.replace('-', '−');
