// Steps of a drawing, kept by the server: each change is saved in order, steps back and on are the server's.
// `save(id, at, document)`, `move(id, at)`, `make(document)` return promises of {id, at, first, last, document, ...}.

export class Steps {
  constructor({ make, save, move, told = () => {}, failed = () => {} }) {
    Object.assign(this, { make, save, move, told, failed });
    this.id = null;
    this.at = 0;
    this.first = 0;
    this.last = 0;
    this.document = null; // the newest, saved or not
    this.unsaved = 0;
    this.turn = Promise.resolve();
    this.round = 0;
  }

  get canUndo() { return this.unsaved > 0 || this.at > this.first; }
  get canRedo() { return this.unsaved === 0 && this.at < this.last; }

  // What the server says of a drawing: it is shown from now on.
  take(answer) {
    Object.assign(this, { id: answer.id, at: answer.at, first: answer.first, last: answer.last });
    if (this.unsaved === 0) this.document = answer.document;
    this.told(answer);
  }

  // A drawing that begins with this document.
  begin(document) {
    this.round += 1;
    this.id = null;
    return this.queue(document, () => this.make(document));
  }

  change(document) {
    return this.queue(document, () => (this.id === null ? this.make(document) : this.save(this.id, this.at, document)));
  }

  queue(document, act) {
    this.document = document;
    this.unsaved += 1;
    const { round } = this;
    this.turn = this.turn.then(async () => {
      if (round !== this.round) { this.unsaved -= 1; return; } // another drawing was begun meanwhile
      try {
        const answer = await act();
        this.unsaved -= 1;
        this.take(answer);
      } catch (error) {
        this.unsaved -= 1;
        this.failed(error);
      }
    });
    return this.turn;
  }

  undo() { return this.goTo(-1); }
  redo() { return this.goTo(+1); }

  goTo(by) {
    this.turn = this.turn.then(async () => {
      const at = this.at + by;
      if (this.id === null || at < this.first || at > this.last) return;
      try {
        this.take(await this.move(this.id, at));
      } catch (error) {
        this.failed(error);
      }
    });
    return this.turn;
  }
}
