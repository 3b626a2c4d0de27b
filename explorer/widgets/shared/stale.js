// What belongs to an earlier state is marked with the reason (page/styles/stale.css shows it), and unmarked once it is drawn again.
export function markStale(ids, why) {
  for (const id of ids) {
    const marked = document.getElementById(id);
    if (marked && why) marked.dataset.stale = why;
    else if (marked) delete marked.dataset.stale;
  }
}
