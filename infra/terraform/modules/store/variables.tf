variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "region" {
  type        = string
  description = "Location of the database; it can't be changed later."
}

variable "protected" {
  type        = bool
  description = "Whether the database can't be deleted."
}

variable "point_in_time_recovery" {
  type        = bool
  description = "Whether any state of the last seven days can be read again; its storage costs."
}
