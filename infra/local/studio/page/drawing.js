// The child's drawing: strokes on a canvas, kept as what was done, so that it can be undone.

export const WIDTH = 768; // of the drawing in its own pixels, however large it is shown
export const HEIGHT = 1024;
const PAPER = "#ffffff";
const MOST_BYTES = 5_000_000; // of a PNG; the functions take 6 MiB, and a photo is smaller as JPEG

/** A drawing on a canvas, with a pen that is `tool`: {colour, size, erases}. */
export class Drawing {
  #canvas;
  #context;
  // What stood on the paper after each thing that was done: lists of
  // {colour, size, points: [[x, y, width], ...]} and {picture}.
  #history = [[]];
  #now = 0;
  #stroke = null;
  #pointer = null;
  tool = { colour: "#2b2622", size: 8, erases: false };

  /** `onChange` is called after each stroke and whatever else changes the drawing. */
  constructor(canvas, onChange = () => {}) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.onChange = onChange;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event));
    this.#repaint();
  }

  get #marks() {
    return this.#history[this.#now];
  }
  /** How many strokes (and photos) are on the paper. */
  get strokes() {
    return this.#marks.length;
  }
  get canUndo() {
    return this.#now > 0;
  }
  get canRedo() {
    return this.#now < this.#history.length - 1;
  }

  undo() {
    if (this.canUndo) this.#go(this.#now - 1);
  }
  redo() {
    if (this.canRedo) this.#go(this.#now + 1);
  }
  /** Takes everything away; `undo` brings it back, all at once. */
  clear() {
    if (this.strokes) this.#do([]);
  }
  /** Begins anew, with nothing to undo; on what `toDataUrl` gave before, if there is such. */
  async begin(dataUrl = null) {
    const marks = [];
    if (dataUrl !== null) {
      const picture = new Image();
      picture.src = dataUrl;
      await picture.decode();
      marks.push({ picture });
    }
    this.#history = [marks];
    this.#go(0);
  }

  /** Puts a picture file on the paper, as large as it fits. Throws if it is none. */
  async paste(file) {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    this.#do([...this.#marks, { picture }]);
  }

  /** The drawing as a data URL. */
  async toDataUrl() {
    const as = (type, quality) =>
      new Promise((resolve) => this.#canvas.toBlob(resolve, type, quality));
    let blob = await as("image/png");
    if (blob.size > MOST_BYTES) blob = await as("image/jpeg", 0.9);
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(blob);
    });
  }

  // --- the pen ---------------------------------------------------------------------------------

  #down(event) {
    // One pointer draws at a time: the palm that lies beside the pen does not.
    if (this.#pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    const { colour, size, erases } = this.tool;
    this.#stroke = { colour: erases ? PAPER : colour, size, points: [] };
    this.#stroke.points.push(this.#pointOf(event));
    this.#paint(this.#stroke);
  }

  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    // Between two frames a fast hand has been at several places.
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      this.#stroke.points.push(this.#pointOf(one));
      this.#paint(this.#stroke, this.#stroke.points.length - 2);
    }
  }

  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#do([...this.#marks, this.#stroke]);
    this.#stroke = null;
  }

  /** Where a pointer is in the drawing, and how wide its stroke is there. */
  #pointOf(event) {
    const box = this.#canvas.getBoundingClientRect();
    const pressed = event.pointerType === "pen" && event.pressure > 0 ? 0.4 + event.pressure : 1;
    return [
      ((event.clientX - box.left) / box.width) * WIDTH,
      ((event.clientY - box.top) / box.height) * HEIGHT,
      this.#stroke.size * pressed,
    ];
  }

  // --- the paper -------------------------------------------------------------------------------

  #do(marks) {
    this.#history = [...this.#history.slice(0, this.#now + 1), marks];
    this.#go(this.#now + 1);
  }

  #go(now) {
    this.#now = now;
    this.#repaint();
    this.onChange();
  }

  #repaint() {
    this.#context.fillStyle = PAPER;
    this.#context.fillRect(0, 0, WIDTH, HEIGHT);
    for (const mark of this.#marks) {
      if (mark.picture) this.#paintPicture(mark.picture);
      else this.#paint(mark);
    }
  }

  /** A stroke, or what of it comes after point `from`: curves through the points' middles. */
  #paint({ colour, points }, from = 0) {
    const pen = this.#context;
    pen.strokeStyle = colour;
    pen.fillStyle = colour;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    const middle = ([x, y], [u, v]) => [(x + u) / 2, (y + v) / 2];
    if (points.length === 1) {
      const [x, y, width] = points[0];
      pen.beginPath();
      pen.arc(x, y, width / 2, 0, 2 * Math.PI);
      pen.fill();
    }
    for (let at = from + 1; at < points.length; at++) {
      const before = points[Math.max(at - 2, 0)];
      const [x, y, width] = points[at - 1];
      pen.lineWidth = width;
      pen.beginPath();
      pen.moveTo(...(at === 1 ? [x, y] : middle(before, points[at - 1])));
      pen.quadraticCurveTo(x, y, ...middle(points[at - 1], points[at]));
      pen.stroke();
    }
    if (from === 0 && points.length > 1) {
      const [before, [x, y]] = points.slice(-2);
      pen.beginPath();
      pen.moveTo(...middle(before, [x, y]));
      pen.lineTo(x, y);
      pen.stroke();
    }
  }

  #paintPicture(picture) {
    const scale = Math.min(WIDTH / picture.width, HEIGHT / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    const [x, y] = [(WIDTH - width) / 2, (HEIGHT - height) / 2];
    this.#context.drawImage(picture, x, y, width, height);
  }
}
