// The filters of gpt2core/sampling.py, on logits sorted once: every filter then keeps a beginning of the list. No page, no state.

// Ids by falling logit, the lowest id first among equals; tokens at -Infinity are left out.
export function fallingOrder(logits) {
  const ids = [];
  for (let id = 0; id < logits.length; id += 1) if (logits[id] > -Infinity) ids.push(id);
  return Uint32Array.from(ids).sort((a, b) => logits[b] - logits[a] || a - b);
}

// Logits with every token of `seen` made less likely: a positive logit is divided by the penalty, a negative one multiplied.
export function penalised(logits, seen, penalty) {
  const weakened = Float64Array.from(logits);
  if (penalty !== 1) for (const id of seen) weakened[id] = weakened[id] < 0 ? weakened[id] * penalty : weakened[id] / penalty;
  return weakened;
}

// The share of every token, and the entropy in bits, of logits as they are. -Infinity has no share.
export function sharesOf(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const shares = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const total = shares.reduce((a, b) => a + b, 0);
  let bits = 0;
  for (let id = 0; id < shares.length; id += 1) {
    shares[id] /= total;
    if (shares[id] > 0) bits -= shares[id] * Math.log2(shares[id]);
  }
  return { shares, bits };
}

// falling: logits from the largest down. Returns what is left after temperature, top-k, top-p and min-p:
//   kept: the first so many tokens; scaled: logits / T; weights: e^(scaled - scaled[0]), before the filters; kept and total of each
//   stage, the share of probability it removed, and the entropy of what it left, in bits.
// greedy: T is 0, or so small that a quotient overflows; then scaled are the logits themselves and one token is kept.
export function distribution(falling, { temperature, top_k, top_p, min_p }) {
  const rounding = 1e-12; // as ROUNDING in gpt2core: a threshold missed by less has been met
  const n = falling.length;
  const greedy = temperature === 0 || !Number.isFinite(falling[0] / temperature);
  const scaled = greedy ? falling : falling.map((logit) => logit / temperature);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i += 1) weights[i] = Math.exp(scaled[i] - scaled[0]);

  const stages = [];
  const addStage = (name, before, kept, entering) => {
    const last = stages[stages.length - 1];
    if (last && last.kept === kept) {
      stages.push({ ...last, name, removed: 0 });
      return;
    }
    const total = sum(weights, 0, kept);
    const removed = kept === before ? 0 : sum(entering, kept, before) / sum(entering, 0, before);
    stages.push({ name, kept, total, removed, bits: entropyBits(scaled, weights, kept, total) });
  };

  const finite = firstIndex(n, (i) => scaled[i] === -Infinity);
  const tempered = greedy ? 1 : finite;
  addStage('temperature', n, tempered, tempered === n || greedy ? weights : falling.map((z) => Math.exp(z - falling[0])));
  const afterK = top_k === 0 ? tempered : Math.min(tempered, top_k);
  addStage('top_k', tempered, afterK, weights);
  const afterP = top_p >= 1 ? afterK : reaching(top_p - rounding, weights, afterK, stages[1].total);
  addStage('top_p', afterK, afterP, weights);
  const floor = scaled[0] + Math.log(min_p) - rounding; // log 0 is -Infinity: off
  const kept = firstIndex(afterP, (i) => scaled[i] < floor);
  addStage('min_p', afterP, kept, weights);
  return { greedy, scaled, weights, stages, kept, total: stages[3].total };
}

// Probability of the token at place i of the list: 0 once removed.
export function probabilityAt(result, i) {
  return i < result.kept ? result.weights[i] / result.total : 0;
}

// Which filter removed the token at place i, or null.
export function removedBy(result, i) {
  const stage = result.stages.find(({ kept }) => i >= kept);
  return stage ? stage.name : null;
}

// How many of the first n must be taken for their shares to reach p: one at least.
function reaching(p, weights, n, total) {
  let reached = 0;
  for (let i = 0; i < n; i += 1) {
    reached += weights[i] / total;
    if (!(reached < p)) return i + 1;
  }
  return n;
}

function firstIndex(n, holds) {
  for (let i = 0; i < n; i += 1) if (holds(i)) return i;
  return n;
}

export function sum(values, from, to) {
  let total = 0;
  for (let i = from; i < to; i += 1) total += values[i];
  return total;
}

// -sum p log2 p of the first n, p being weights / total.
function entropyBits(scaled, weights, n, total) {
  let drop = 0;
  for (let i = 0; i < n; i += 1) if (weights[i] > 0) drop += weights[i] * (scaled[0] - scaled[i]);
  return Math.max(0, (Math.log(total) + drop / total) / Math.LN2);
}
