// The difference between two texts, line by line.

/** Above this product of the numbers of lines, everything between the common start and end counts as changed. */
const MOST_WORK = 250_000;

/**
 * Compares lines. The work is bounded, whatever the lines are.
 *
 * @returns {Array<{sign: ' '|'-'|'+', line: string}>} with as many common lines as possible
 */
export function diffLines(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) {
    start++;
  }
  let end = 0;
  while (end < before.length - start && end < after.length - start
      && before[before.length - 1 - end] === after[after.length - 1 - end]) {
    end++;
  }
  const signed = (lines, sign) => lines.map(line => ({ sign, line }));
  const [removed, added] = [before, after].map(lines => lines.slice(start, lines.length - end));
  return [
    ...signed(before.slice(0, start), ' '),
    ...removed.length * added.length > MOST_WORK ? [...signed(removed, '-'), ...signed(added, '+')] : middle(removed, added),
    ...signed(before.slice(before.length - end), ' '),
  ];
}

/** By the longest common subsequence. */
function middle(before, after) {
  const width = after.length + 1;
  // the length of the longest common subsequence from each pair of lines on
  const lengths = new Uint16Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? lengths[(i + 1) * width + j + 1] + 1
        : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const result = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      result.push({ sign: ' ', line: before[i++] });
      j++;
    } else if (j === after.length || i < before.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) {
      result.push({ sign: '-', line: before[i++] });
    } else {
      result.push({ sign: '+', line: after[j++] });
    }
  }
  return result;
}
