// What the studio uses of the Firebase JS SDK; in an app with a bundler of its own, the same names
// come from "firebase/app" and "firebase/firestore".
export { initializeApp } from "@firebase/app";
export {
  collection,
  connectFirestoreEmulator,
  doc,
  getFirestore,
  onSnapshot,
  query,
  setLogLevel,
  terminate,
  where,
} from "@firebase/firestore";
