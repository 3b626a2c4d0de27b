// Runs as the server writes them (RunKey.to_json): what the page can say of one before the server has answered.

export const toldBy = (run) => JSON.parse(run || '{"model":"","text":"","edits":""}');
const listed = (edits) => String(edits.split(',').sort());

export const editsOf = (run) => toldBy(run).edits;

// The run with another model or other edits, to the character as the server writes it where these stand in its order.
export function changedRun(run, changes) {
  const written = JSON.stringify({ ...toldBy(run), ...changes });
  return written.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// Whether two differ in the order of their edits at most.
export function isSameRun(one, other) {
  if (one === other) return true;
  const [a, b] = [toldBy(one), toldBy(other)];
  return a.model === b.model && a.text === b.text && listed(a.edits) === listed(b.edits);
}
