// What is said of cells and scales: no page, no canvas. Sentences come as parts [{text, data}]: data is what people typed,
// which the page isolates from the direction of the words around it.

import { strongest } from './scale.js';
import { percent } from '../shared/numbers.js';

// A sentence with {placeholders} filled in by texts or by parts.
export function partsOf(sentence, values) {
  return sentence.split(/\{(\w+)\}/).flatMap((piece, at) => {
    const value = at % 2 ? values[piece] : piece;
    return Array.isArray(value) ? value : [{ text: String(value), data: false }];
  });
}

export function plain(parts) {
  return parts.map((part) => part.text).join('');
}

// How one row or column is called in a sentence.
export function called(index, { labels }, words) {
  if (!labels) return [{ text: String(index), data: false }];
  const [text, tint] = labels[index];
  const data = [{ text, data: true }];
  return tint === undefined ? data : partsOf(words.token, { text: data, index });
}

// A value as a person reads it: a share in percent, any other number exact to six digits, the whole of what float32 tells apart
// but the last; with its sign where the scale diverges.
export function written(value, number) {
  return number === 'share' ? percent(value) : signedAs(number, String(Number(value.toPrecision(6))), value);
}

// The same for the ends of a scale, where three digits are enough.
export function writtenShort(value, number) {
  return number === 'share' ? percent(value).replace(/\.0+ /, ' ') : signedAs(number, String(Number(value.toPrecision(3))), value);
}

function signedAs(number, digits, value) {
  const plus = number === 'signed' && value > 0 ? '+' : '';
  return plus + digits.replaceAll('-', '−');
}

// One cell in words. table: rows, columns, reading, number, blank, texts, nothing; value NaN where there is none.
export function cellSaid(table, row, column, value, words) {
  const parts = { row: called(row, table.rows, words), column: called(column, table.columns, words) };
  const text = [{ text: table.texts?.[row * table.size?.[1] + column] ?? '', data: true }];
  if (!Number.isNaN(value)) return partsOf(table.reading, { ...parts, value: written(value, table.number), text });
  if (table.nothing) return partsOf(table.nothing, parts);
  return partsOf(table.blank === 'future' && column > row ? words.future : words.nothing, parts);
}

// What a cell says, or of a row or column (the other index null), or of all (both null), its strongest.
export function said(table, values, [row, column], words) {
  const [rows, columns] = table.size;
  const at = (r, c) => cellSaid(table, r, c, values[r * columns + c], words);
  if (row !== null && column !== null) return at(row, column);
  const found = strongest(values, rows, columns, [row, column], table.scale === 'diverging');
  if (!found) return partsOf(words.empty, {});
  const sentences =
    table.scale === 'diverging'
      ? [words.farthest, words.farthest_in_row, words.farthest_in_column]
      : [words.most, words.most_in_row, words.most_in_column];
  return partsOf(sentences[row !== null ? 1 : column !== null ? 2 : 0], { cell: at(...found) });
}
