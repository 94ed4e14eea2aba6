variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "region" {
  type        = string
  description = "Where the secrets are kept."
}

variable "secrets" {
  type        = map(string)
  description = "Secret ids, by the environment variables that hold them."
}
