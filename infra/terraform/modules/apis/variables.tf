variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}
