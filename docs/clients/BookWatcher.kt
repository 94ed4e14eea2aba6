// UNTESTED. Android, with com.google.firebase:firebase-firestore and kotlinx-coroutines.

import com.google.firebase.firestore.DocumentSnapshot
import com.google.firebase.firestore.FirebaseFirestore
import com.google.firebase.firestore.FirebaseFirestoreException
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.transformWhile

data class Book(val job: DocumentSnapshot, val images: List<DocumentSnapshot>) {
    val isCompleted: Boolean
        get() = job.getBoolean("completed") == true &&
            images.size.toLong() == job.getLong("imageCount") &&
            images.all { it.getString("status") in ENDED }

    private companion object {
        val ENDED = setOf("succeeded", "failed", "canceled")
    }
}

/** The book at every change, the last time when it is completed. `uid` is the signed-in user's. */
fun watchBook(db: FirebaseFirestore, uid: String, jobId: String): Flow<Book> {
    val reference = db.collection("jobs").document(jobId)
    val job = callbackFlow {
        val listener = reference.addSnapshotListener { snapshot, error: FirebaseFirestoreException? ->
            if (error != null) close(error) else if (snapshot?.exists() == true) trySend(snapshot)
        }
        awaitClose { listener.remove() }
    }
    val images = callbackFlow {
        // The rules let a list pass only if it asks for the user's own.
        val listener = reference.collection("images").whereEqualTo("ownerUid", uid)
            .addSnapshotListener { snapshot, error: FirebaseFirestoreException? ->
                if (error != null) close(error) else if (snapshot != null) trySend(snapshot.documents)
            }
        awaitClose { listener.remove() }
    }
    return combine(job, images, ::Book).transformWhile { book ->
        emit(book)
        !book.isCompleted
    }
}
