// What the studio uses of the Firebase JS SDK; in an app with a bundler of its own, the same names
// come from "firebase/app" and "firebase/firestore".
export { initializeApp } from "@firebase/app";
export {
  collection,
  connectFirestoreEmulator,
  disableNetwork, // the tests use these two
  doc,
  enableNetwork,
  getFirestore,
  onSnapshot,
  query,
  where,
} from "@firebase/firestore";
