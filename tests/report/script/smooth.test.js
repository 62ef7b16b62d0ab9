import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  band,
  interpolated,
  moments,
  smoothed,
} from '../../../src/ganvas/report/static/script/smooth.js';

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

test('moments leave out what is missing; one value has no deviation', () => {
  assert.deepEqual(moments([2, null, 4]), { n: 2, mean: 3, sd: Math.SQRT2 });
  assert.deepEqual(moments([7]), { n: 1, mean: 7, sd: null });
  assert.deepEqual(moments([undefined]), { n: 0, mean: null, sd: null });
});

test('smoothing is the weighted mean of all values so far', () => {
  const values = [3, 1, 4, 1, 5];
  const amount = 0.7;
  smoothed(values, amount).forEach((value, last) => {
    const weights = values.slice(0, last + 1).map((_, place) => amount ** (last - place));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    near(value, weights.reduce((total, weight, place) => total + weight * values[place], 0) / sum);
  });
});

test('smoothing keeps a constant, does nothing by zero, and passes over gaps', () => {
  smoothed([2, 2, 2], 0.9).forEach((value) => near(value, 2));
  assert.deepEqual(smoothed([1, 5, 2], 0), [1, 5, 2]);
  const [first, gap, last] = smoothed([1, null, 1], 0.5);
  assert.deepEqual([first, gap, last], [1, null, 1]);
});

test('between two points a curve is a line, outside of them nothing', () => {
  const points = [
    [0, 10, 1],
    [4, 20, 3],
  ];
  assert.deepEqual(interpolated(points, 1), [1, 12.5, 1.5]);
  assert.deepEqual(interpolated(points, 4), [4, 20, 3]);
  assert.equal(interpolated(points, 5), null);
  assert.equal(interpolated([], 0), null);
});

test('a band adds the variance over images to that between runs', () => {
  const curves = [[[1, 2, 9]], [[1, 4, 15]]]; // means 2 and 4: variance 1 between, 12 within
  const [[x, mean, sd]] = band(curves);
  assert.deepEqual([x, mean], [1, 3]);
  near(sd, Math.sqrt(12 + 1));
});

test('curves over seconds are read at evenly spaced times', () => {
  const curve = (pace) => [0, 1, 2].map((step) => [step * pace, step, 0]);
  const points = band([curve(1), curve(1.5)], true);
  assert.equal(points.length, 60);
  near(points[1][0] - points[0][0], points[31][0] - points[30][0]);
  near(points.at(-1)[1], 2); // beyond the quicker curve's end the other one goes on alone
  assert.deepEqual(band([[], []]), []);
});
