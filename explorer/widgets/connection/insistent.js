// A `fetch` whose requests are made again until a server answers them: no page.

const NO_SERVER = [502, 503, 504]; // said by what stands between the page and the server

// ask: the fetch below. concerns(url): whether a request is to be insisted on. isSame(url): whether the server there is the one that
// this page came from; rejects while there is none. rest(): a while. isSilent(silent) is told when no server is there, and when one is there
// again. startAnew(): another server is there, which knows nothing of this page; nothing is asked any more. most: how often one
// request may fail though the server is there.
export function insistent(ask, { concerns, isSame, rest, isSilent, startAnew, most }) {
  let coming = null; // the one watch for a server, whoever waits for it

  const watch = async (url) => {
    for (let looked = 0; ; looked++) {
      const same = await isSame(url).catch(() => null);
      if (same === false) {
        startAnew();
        return new Promise(() => {});
      }
      if (same) return looked && isSilent(false);
      if (!looked) isSilent(true);
      await rest();
    }
  };
  const server = (url) => (coming ??= watch(url).finally(() => (coming = null)));

  return async (input, init) => {
    const url = String(input.url ?? input);
    if (!concerns(url)) return ask(input, init);
    for (let failed = 1; ; failed++) {
      const answer = await ask(input, init).catch((reason) => ({ reason }));
      const isGivenUp = failed > most || init?.signal?.aborted;
      if (!('reason' in answer) && (!meetsNoServer(answer) || isGivenUp)) return answer;
      if (isGivenUp) throw answer.reason;
      if (failed > 1) await rest();
      await server(url);
    }
  };
}

// Gradio's own refusals, of a full queue say, are JSON.
function meetsNoServer({ status, headers }) {
  return NO_SERVER.includes(status) && !(headers.get('content-type') ?? '').includes('json');
}
