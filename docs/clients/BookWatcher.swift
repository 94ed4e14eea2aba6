// UNTESTED. iOS, with FirebaseFirestore of firebase-ios-sdk.

import FirebaseFirestore

/// Tells of a book at every change until it is completed or `stop` is called.
@MainActor
final class BookWatcher {
  struct Book {
    let job: DocumentSnapshot
    let images: [QueryDocumentSnapshot]

    var isCompleted: Bool {
      job.get("completed") as? Bool == true
        && images.count == job.get("imageCount") as? Int
        && images.allSatisfy { Self.ended.contains($0.get("status") as? String ?? "") }
    }

    private static let ended: Set = ["succeeded", "failed", "canceled"]
  }

  private var listeners: [ListenerRegistration] = []
  private var job: DocumentSnapshot?
  private var images: [QueryDocumentSnapshot]?

  /// `uid` is the signed-in user's. A failure ends the watching.
  init(
    _ db: Firestore, uid: String, jobId: String,
    onChange: @escaping (Result<Book, Error>) -> Void
  ) {
    let reference = db.collection("jobs").document(jobId)
    // The rules let a list pass only if it asks for the user's own.
    let own = reference.collection("images").whereField("ownerUid", isEqualTo: uid)
    listeners = [
      reference.addSnapshotListener { [weak self] snapshot, error in
        if let snapshot, snapshot.exists { self?.job = snapshot }
        self?.tell(error, onChange)
      },
      own.addSnapshotListener { [weak self] snapshot, error in
        if let snapshot { self?.images = snapshot.documents }
        self?.tell(error, onChange)
      },
    ]
  }

  func stop() {
    listeners.forEach { $0.remove() }
    listeners = []
  }

  private func tell(_ error: Error?, _ onChange: (Result<Book, Error>) -> Void) {
    if let error {
      stop()
      onChange(.failure(error))
    } else if let job, let images {
      let book = Book(job: job, images: images)
      if book.isCompleted { stop() }
      onChange(.success(book))
    }
  }
}
