variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "region" {
  type        = string
  description = "Location of the buckets."
}

variable "pictures_bucket" {
  type        = string
  description = "Name of the bucket for the pictures."
}

variable "protected" {
  type        = bool
  description = "Whether the pictures' bucket can't be deleted while there are pictures in it."
}

variable "archives" {
  type        = map(string)
  description = "Paths of the source archives, by the names that infra/functions.json gives them."
}
